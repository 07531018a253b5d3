import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.manifest import Calibration, Manifest, Task, encode_manifest, parse_manifest
from edge.contracts.tensors import real, stored
from edge.contracts.types import F32, Head, TensorSpec
from edge.contracts.window_rules import OUTPUTS
from edge.contracts.windows import Scaling, SeriesWindow, SoundWindow, TrackWindow, Window
from tests.rigs.tflite import Net, Port

TRACKS = TrackWindow(32, 8, 0.4, (0.5, 1.0, 2.0), 3, ("person", "car"), 2)
SERIES = SeriesWindow(("a", "b"), 24, 60.0, Scaling.FIXED, (1.0, 2.0), (3.0, 4.0), (1, 24))
SOUND = SoundWindow(8000, 0.032, 0.016, 40, 20.0, 4000.0, 61, (0.0,) * 40, (1.0,) * 40)


def told(head: Head, task: Task, window: Window) -> Manifest:
    return Manifest(task, head, "made", "1", "", window, {}, "none", Calibration("", 0), "", "")


PATHS = ((32, 8, 9), (32, 3), (32, 3, 3, 2), (32, 3, 3))
FUTURE = ((1, 24, 2), (1, 2, 2), (1, 2, 2), (1, 16))
CASES: list[tuple[Head, Task, Window, tuple[tuple[int, ...], ...]]] = [
    (Head.TRAJECTORY, Task.FORECASTER, TRACKS, PATHS),
    (Head.SERIES, Task.SERIES, SERIES, FUTURE),
    (Head.SEQUENCE, Task.SEQUENCE, SERIES, ((1, 24, 2), (1, 5), (1, 16))),
    (Head.SEQUENCE, Task.SEQUENCE, SOUND, ((1, 61, 40), (1, 5), (1, 16))),
    (Head.AUTOENCODER, Task.AUTOENCODER, SERIES, ((1, 24, 2), (1, 24, 2), (1, 4))),
]


def write(path: Path, manifest: Manifest, shapes: tuple[tuple[int, ...], ...]) -> Path:
    given, *outputs = (Port(shape) for shape in shapes)
    net = Net((given,), tuple(outputs), signature=OUTPUTS[manifest.head][: len(outputs)])
    return net.write(path, {"foresight.json": encode_manifest(manifest)})


@pytest.mark.parametrize(("head", "task", "window", "shapes"), CASES)
def test_a_model_of_sequences_says_what_it_takes(
    tmp_path: Path, head: Head, task: Task, window: Window, shapes: tuple[tuple[int, ...], ...]
) -> None:
    manifest = told(head, task, window)
    assert parse_manifest(encode_manifest(manifest)) == manifest
    bundle = read_bundle(write(tmp_path / "m.tflite", manifest, shapes))
    assert (bundle.head, bundle.window) == (head, window)
    assert [output.name for output in bundle.outputs] == list(OUTPUTS[head])


@pytest.mark.parametrize(
    ("head", "task", "window", "shapes"),
    [
        (Head.TRAJECTORY, Task.FORECASTER, TRACKS, ((32, 9, 9), *PATHS[1:])),
        (Head.TRAJECTORY, Task.FORECASTER, TRACKS, (*PATHS[:2], (32, 3, 4, 2), PATHS[3])),
        (Head.TRAJECTORY, Task.FORECASTER, TRACKS, PATHS[:3]),
        (Head.SERIES, Task.SERIES, replace(SERIES, horizons=(1,)), FUTURE),
        (Head.TRAJECTORY, Task.FORECASTER, SERIES, FUTURE),
        (Head.SSD, Task.DETECTOR, TRACKS, PATHS),
    ],
)
def test_tensors_that_do_not_fit_the_window_are_refused(
    tmp_path: Path, head: Head, task: Task, window: Window, shapes: tuple[tuple[int, ...], ...]
) -> None:
    given, *outputs = (Port(shape) for shape in shapes)
    packed = {"foresight.json": encode_manifest(told(head, task, window))}
    path = Net((given,), tuple(outputs)).write(tmp_path / "m.tflite", packed)
    with pytest.raises(ModelError, match=r"m\.tflite.*(tensors|does not fit)"):
        read_bundle(path)


@pytest.mark.parametrize(
    ("window", "key", "value"),
    [
        (TRACKS, "kind", "paths"),
        (TRACKS, "tracks", 0),
        (TRACKS, "samples", -1),
        (TRACKS, "step_s", 0),
        (TRACKS, "step_s", "0.4"),
        (TRACKS, "horizons_s", []),
        (TRACKS, "horizons_s", [2.0, 1.0]),
        (TRACKS, "horizons_s", [0.0, 1.0]),
        (TRACKS, "horizons_s", 1.0),
        (TRACKS, "modes", True),
        (TRACKS, "labels", [1]),
        (SERIES, "channels", []),
        (SERIES, "mean", [1.0]),
        (SERIES, "std", [1.0, 0.0]),
        (SERIES, "scaling", "none"),
        (SERIES, "horizons", [1.5]),
        (SERIES, "horizons", [2, 1]),
        (SOUND, "high_hz", 4001),
        (SOUND, "hop_s", 0.1),
        (SOUND, "rate_hz", 10),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_by_key(window: Window, key: str, value: object) -> None:
    entries = json.loads(encode_manifest(told(Head.SERIES, Task.SERIES, window)))
    entries["input"][key] = value
    with pytest.raises(MalformedError):
        parse_manifest(json.dumps(entries).encode())


@pytest.mark.parametrize(("dtype", "values"), [("int8", [-128, -1, 0, 127]), ("uint8", [0, 127, 128, 255])])
def test_stored_values_are_the_nearest_steps_within_the_range(dtype: str, values: list[int]) -> None:
    spec = TensorSpec("x", (1, 4), dtype, 0.5, values[2])
    kept = np.array(values, dtype)
    assert stored(real(kept, spec), spec).tolist() == values
    far: F32 = np.array([-1e9, 1e9, 0.2, 0.3], np.float32)
    assert stored(far, spec).tolist() == [values[0], values[3], values[2], values[2] + 1]
    assert stored(far, TensorSpec("x", (1, 4), "float32", 0.0, 0)) is far
