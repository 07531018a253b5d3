"""`python -m tests.rigs.arm.outputs FOLDER OUT.npz`: what each model file of a folder answers to made-up inputs.

It runs on both machines that are compared, one thread each; the folder holds `picture.npy` too. Of a model that learns
also what some steps of training make of its weights. Beside the answers (`NAME/...`) stands, as JSON under `about`,
what each file is.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from edge.contracts.golden import compare
from edge.contracts.golden_file import read_golden
from edge.contracts.golden_input import make_input
from edge.contracts.trainable import GET_WEIGHTS, TRAIN
from tests.rigs.arm.inputs import given, made_up

SAMPLES, STEPS = 2, 4
BORDERS = frozenset({"QUANTIZE", "DEQUANTIZE", "TFLite_Detection_PostProcess"})  # floats and bytes come and go there
LEARNT = ("loss/", "weights/")  # how the names of answers begin that learning leaves behind
Answers = dict[str, NDArray[Any]]
Picture = NDArray[np.uint8]


class Kind(StrEnum):
    """The arithmetic of a network."""

    INT8 = "int8"  # that of today's converters: each channel has a scale
    UINT8 = "uint8"  # that of 2018: one scale a tensor, and each processor's kernels round it in their own way
    FLOAT = "float"


class Golden(StrEnum):
    """Whether a file answers as its golden sample says."""

    NONE = "none"  # it brings no sample: a stranger's model
    HELD = "held"
    MISSED = "missed"


@dataclass(frozen=True)
class About:
    """A model file."""

    kind: Kind
    learns: bool
    delegates: int  # nodes that XNNPACK took over
    golden: Golden
    unlike: str  # how its answers differ from its golden sample


def main(argv: list[str]) -> None:
    """Run them all."""
    folder = Path(argv[0])
    about: dict[str, dict[str, object]] = {}
    answers: Answers = {}
    picture = np.load(folder / "picture.npy")
    for path in sorted(folder.glob("*.tflite")):
        about[path.stem] = asdict(described(path))
        answers |= {f"{path.stem}/{name}": array for name, array in answered(path, picture).items()}
    everything: dict[str, Any] = {"about": np.array(json.dumps(about)), **answers}
    np.savez(argv[1], **everything)


def described(path: Path) -> About:
    """What a file is, and whether the delegate is at work here."""
    served = opened(path)
    names = [operator["op_name"] for operator in served._get_ops_details()]
    return About(kind(path), TRAIN in served.get_signature_list(), names.count("DELEGATE"), *proven(path))


def proven(path: Path) -> tuple[Golden, str]:
    """What its golden sample says of it here."""
    golden = read_golden(path)
    if golden is None:
        return Golden.NONE, ""
    interpreter = opened(path)
    detail = interpreter.get_input_details()[0]
    shape = tuple(int(side) for side in detail["shape"])
    interpreter.set_tensor(detail["index"], make_input(golden.given, shape, np.dtype(detail["dtype"]).name))
    interpreter.invoke()
    found = [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
    unlike = "; ".join(compare(golden, found))
    return (Golden.MISSED if unlike else Golden.HELD), unlike


def kind(path: Path) -> Kind:
    """By the types that its operators compute with."""
    plain = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)
    types = {detail["index"]: detail["dtype"] for detail in plain.get_tensor_details()}
    seen = {
        types.get(index)
        for operator in plain._get_ops_details()
        if operator["op_name"] not in BORDERS
        for index in (*operator["inputs"], *operator["outputs"])
    }
    if np.float32 in seen:
        return Kind.FLOAT
    return Kind.UINT8 if np.uint8 in seen else Kind.INT8


def opened(path: Path) -> Any:
    """As the daemon opens it: XNNPACK by default."""
    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def answered(path: Path, picture: Picture) -> Answers:
    """All outputs for all samples, and what training changes."""
    interpreter, found = opened(path), {}
    for sample in range(SAMPLES):
        for place, detail in enumerate(interpreter.get_input_details()):
            values = made_up(detail["shape"], detail["dtype"], 100 * sample + place, picture)
            interpreter.set_tensor(detail["index"], values)
        interpreter.invoke()
        for place, detail in enumerate(interpreter.get_output_details()):
            found[f"{sample}/{place}"] = interpreter.get_tensor(detail["index"]).copy()
    return found | dict(trained(path, picture))


def trained(path: Path, picture: Picture) -> Iterator[tuple[str, NDArray[Any]]]:
    """The losses and weights of some steps, by the file's own signatures."""
    interpreter = Interpreter(str(path), num_threads=1)
    if TRAIN not in interpreter.get_signature_list():
        return
    train = interpreter.get_signature_runner(TRAIN)
    for step in range(STEPS):
        batch = given(train.get_input_details(), step, picture)
        yield from ((f"loss/{step}/{name}", array.copy()) for name, array in train(**batch).items())
    weights = interpreter.get_signature_runner(GET_WEIGHTS)
    asked = given(weights.get_input_details(), 0, picture)
    yield from ((f"weights/{name}", array.copy()) for name, array in weights(**asked).items())


if __name__ == "__main__":
    main(sys.argv[1:])
