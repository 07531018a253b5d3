"""The subgraph that readers run comes first, and nothing else changes."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.tflite import read_graph
from edge.contracts.windows import TrackWindow
from tests.rigs.learning_model import learning_paths
from tests.rigs.tflite import Net
from trainer.export.packing import split_files
from trainer.trainable.order import served_first

WINDOW = TrackWindow(4, 6, 0.2, (0.5, 1.0), 1, (), 0)


def model(folder: Path) -> bytes:
    bare, _ = split_files(learning_paths(folder / "m.tflite", WINDOW).read_bytes())
    return bare + bytes(-len(bare) % 4)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("infer", {"tracks"}),
        ("train", {"tracks", "future", "known", "rate"}),
        ("get_weights", {"nothing"}),
        ("set_weights", {"weights", "optimizer"}),
    ],
)
def test_the_named_one_is_first_and_all_of_them_run(tmp_path: Path, name: str, inputs: set[str]) -> None:
    was = model(tmp_path)
    moved = served_first(was, name)
    assert moved.endswith(was)
    assert (len(moved) - len(was)) % 16 == 0  # weights stay where kernels want them
    assert {spec.name for spec in read_graph(moved).inputs} == inputs
    interpreter = Interpreter(model_content=moved, num_threads=1)
    found = {}
    for key in ("infer", "train", "get_weights", "set_weights"):
        runner = interpreter.get_signature_runner(key)
        given = {port: np.ones(one["shape"], one["dtype"]) for port, one in runner.get_input_details().items()}
        found[key] = runner(**given)
    assert set(found["infer"]) == {"logit", "mean", "log_sigma"}
    assert np.isfinite(found["train"]["loss"])


@pytest.mark.parametrize("data", [b"", b"\0\0\0\0TFL3" + b"\xff" * 40, Net().encode()])
def test_what_has_no_such_signature_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        served_first(data)
