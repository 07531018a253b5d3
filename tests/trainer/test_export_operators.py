"""Which operators a model file has, and what an Edge TPU would make of each."""

import io

import pytest
from rich.console import Console

from tests.paths import data
from tests.rigs.tflite import Net, Port
from tests.trainer.exports import DETECTOR
from trainer.errors import TrainError
from trainer.export.coral import why_not
from trainer.export.graph import Operator, Tensor
from trainer.export.operators import CPU, EDGE_TPU, operator_table, report_operators


def tensor(
    shape: tuple[int, ...] = (1, 8, 8, 16), dtype: str = "int8", number: int = 1, *, constant: bool = False
) -> Tensor:
    return Tensor(number, "t", shape, dtype, constant)


def operator(name: str, *inputs: Tensor, output: Tensor | None = None, version: int = 1) -> Operator:
    return Operator(name, version, inputs or (tensor(),), (output or tensor(),))


WEIGHTS = tensor((16, 1, 1, 16), "float32", constant=True)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (operator("CONV_2D"), ""),
        (operator("CONV_2D", tensor(), WEIGHTS), ""),  # what flows decides, not what is stored
        (operator("CONV_2D", tensor(dtype="float32")), "float32"),
        (operator("TILE"), "no such operator"),
        (operator("ADD", tensor((-1, 8, 8, 3))), "not fixed"),
        (operator("ADD", tensor((4, 8, 8, 3))), "more than 3 dimensions"),
        (operator("RESHAPE", tensor((1, 1, 2, 3, 4))), ""),
        (operator("SOFTMAX", tensor((1, 1000)), output=tensor((1, 1000))), ""),
        (operator("SOFTMAX", tensor((1, 20_000)), output=tensor((1, 20_000))), "single row"),
        (operator("SOFTMAX", tensor((1, 100, 3)), output=tensor((1, 100, 3))), "single row"),
        (operator("FULLY_CONNECTED", output=tensor((1, 10))), ""),
        (operator("FULLY_CONNECTED", output=tensor((1, 4, 10))), "more than one dimension"),
        (operator("RESIZE_NEAREST_NEIGHBOR", version=2), ""),
        (operator("RESIZE_NEAREST_NEIGHBOR", version=3), "version 3"),
        (operator("CONCATENATION", tensor(), tensor(), tensor()), ""),
        (operator("CONCATENATION", tensor(), tensor(), tensor(constant=True)), "constant"),
    ],
)
def test_what_the_edge_tpu_takes(one: Operator, words: str) -> None:
    assert (words in why_not(one)) if words else why_not(one) == ""


@pytest.mark.parametrize(
    ("model", "kinds", "mapped", "total"),
    [("ssd_mobilenet_v1_coco_quant", 6, 63, 64), ("vww_96_int8", 6, 31, 31), ("yolox_nano_416_float", 16, 0, 391)],
)
def test_models_of_others(model: str, kinds: int, mapped: int, total: int) -> None:
    report = report_operators(data("models", f"{model}.tflite").read_bytes())
    assert (len(report.uses), report.mapped, report.total) == (kinds, mapped, total)
    assert bool(report.floats) == ("float" in model)


def test_the_report_is_printed() -> None:
    report = report_operators(DETECTOR.encode())
    assert [(use.name, use.place) for use in report.uses] == [("TFLite_Detection_PostProcess", CPU)]
    out = io.StringIO()
    Console(file=out, width=200).print(operator_table(report))
    assert "0 of 1 operators would run on an Edge TPU" in out.getvalue()
    assert "TFLite_Detection_PostProcess" in out.getvalue()


def test_integers_of_one_byte_are_mapped_and_floats_are_told_of() -> None:
    port = Port(dtype="int8", scale=0.1)
    whole, real = Net((port,), (port,), operator=28), Net(operator=28)  # TANH
    assert [(use.place, use.numbers) for use in report_operators(whole.encode()).uses] == [(EDGE_TPU, "int8")]
    assert report_operators(whole.encode()).floats == ()
    assert report_operators(real.encode()).floats == ("TANH",)


@pytest.mark.parametrize("model", [b"", b"no model at all, really", DETECTOR.encode()[:40]])
def test_what_is_no_model(model: bytes) -> None:
    with pytest.raises(TrainError, match="export it again"):
        report_operators(model)
