"""Which variant goes out, and how that is told."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from trainer.gate.accuracy import BUDGET_POINTS
from trainer.quantise.choosing import Row, choose
from trainer.quantise.table import show_variants

FLOAT32 = Row("float32", 2000, 4.0, 2.5, 0.80, 0.50, certain=False)
FLOAT16 = Row("float16", 1000, 4.0, 2.5, 0.80, 0.50, certain=False)
DYNAMIC = Row("dynamic", 600, 5.0, 4.0, 0.79, 0.49, certain=False)


def int8(map_: float, certain: bool = False) -> Row:
    return Row("int8", 550, 3.0, 2.0, 0.79, map_, certain=certain)


def qat(map_: float, certain: bool = False) -> Row:
    return replace(int8(map_, certain), variant="qat")


@pytest.mark.parametrize(
    ("rows", "chosen", "said"),
    [
        ([FLOAT32], "float32", "loses nothing, and no Edge TPU"),
        ([FLOAT32, FLOAT16, DYNAMIC, int8(0.495), qat(0.50)], "int8", "0.5 points, which could be chance"),
        ([FLOAT32, FLOAT16, int8(0.51), qat(0.52)], "int8", "28% of float32's size, 550 kB, and loses nothing"),
        ([FLOAT32, int8(0.5), qat(0.55, certain=True)], "qat", "and certainly gains 5.0 points"),
        ([FLOAT32, FLOAT16, int8(0.40)], "int8", "10.0 points, which could be chance"),
        ([FLOAT32, FLOAT16, int8(0.40), qat(0.45)], "qat", "5.0 points, which could be chance"),
        ([FLOAT32, FLOAT16, int8(0.40), qat(0.35)], "int8", "10.0 points, which could be chance"),
        ([FLOAT32, FLOAT16, int8(0.495, certain=True), qat(0.50)], "int8", "loses 0.5 points; it is whole in int8"),
        ([FLOAT32, FLOAT16, int8(0.48, certain=True), qat(0.50)], "qat", "lost by int8 (2.0 points). qat has"),
        ([FLOAT32, int8(0.48, certain=True), qat(0.47, certain=True)], "float32", "int8 (2.0 points) and by qat (3.0"),
        ([FLOAT16, FLOAT32, int8(0.4, True), qat(0.4, True)], "float16", "not on an Edge TPU, which takes int8 alone"),
        ([FLOAT32, FLOAT16, int8(0.4, certain=True)], "float16", "Certainly more than 1 points"),
        ([FLOAT32, FLOAT16, int8(float("nan"))], "float16", "int8 (nan points)"),
        ([FLOAT32, replace(FLOAT16, map=0.3, certain=True)], "float32", "lost by float16 (20.0 points)"),
    ],
)
def test_the_smallest_that_does_not_certainly_lose_goes_out(rows: list[Row], chosen: str, said: str) -> None:
    choice = choose(rows, BUDGET_POINTS, "mAP")
    assert choice.row.variant == chosen
    assert said in choice.why


def test_the_budget_is_the_user_s() -> None:
    rows = [FLOAT32, FLOAT16, int8(0.48, certain=True)]
    assert choose(rows, 1.0, "mAP").row.variant == "float16"
    assert choose(rows, 2.5, "mAP").row.variant == "int8"


@pytest.mark.parametrize("rows", [[], [FLOAT16, int8(0.5)]])
def test_nothing_can_be_said_without_float32(rows: list[Row]) -> None:
    with pytest.raises(ValueError, match="float32 is not among"):
        choose(rows, BUDGET_POINTS, "mAP")


def test_the_table_has_a_line_for_each_and_the_reason_below() -> None:
    console = Console(file=io.StringIO(), width=120, record=True)
    rows = [FLOAT32, FLOAT16, int8(0.47, certain=True), qat(0.495)]
    choice = choose(rows, BUDGET_POINTS, "mAP")
    show_variants(rows, choice, console, ("mAP50", "mAP"))
    text = console.export_text()
    lines = {line.split()[1]: line for line in text.splitlines() if line.startswith("│")}
    assert list(lines) == ["float32", "float16", "int8", "qat"]
    assert "+3.0 certain" in lines["int8"]
    assert "+0.5" in lines["qat"]
    assert " ".join(choice.why.split()) in " ".join(text.split())
