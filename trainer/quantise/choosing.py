"""Which of the variants of one network to ship, and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FLOAT32, FLOAT16, DYNAMIC, INT8, QAT = "float32", "float16", "dynamic", "int8", "qat"
_WHOLE_INT8 = (INT8, QAT)
_PREFERENCE = (INT8, QAT, FLOAT16, FLOAT32)  # what needs no training of its own first


@dataclass(frozen=True, slots=True)
class Row:
    """One variant as it was measured; accuracy 0..1, on the same pictures for all."""

    variant: str
    kb: float  # size of the file, 1000 bytes
    ms_1: float  # median of one invocation on one thread
    ms_2: float  # on two
    map50: float
    map: float  # what is decided by; of a classifier, its accuracy, and above its balanced one
    certain: bool  # its interval of the difference from float32 excludes 0, and there were boxes enough to tell


@dataclass(frozen=True, slots=True)
class Choice:
    """The variant to ship, and a sentence or two that say why."""

    row: Row
    why: str


def choose(rows: Sequence[Row], budget: float, measure: str) -> Choice:
    """Choose the smallest that is not certainly worse than float32.

    That is the int8 file made after training; the one trained for int8 where that loses more than the budget and it
    less, or where its further training made it certainly better than float32; float16 where both certainly lose more.

    Args:
        rows: float32 among them.
        budget: points (0..100) that may be lost.
        measure: what `Row.map` holds: mAP, or the accuracy of a classifier.

    Raises:
        ValueError: there is no float32 to compare with.
    """
    measured = {row.variant: row for row in rows}
    if FLOAT32 not in measured:
        raise ValueError(f"{FLOAT32} is not among {list(measured)}; measure it too, the others are compared with it")
    plain = measured[FLOAT32]
    refused: list[str] = []
    for name in (QAT, *_PREFERENCE) if _tuned_is_better(measured, plain, budget) else _PREFERENCE:
        row = measured.get(name)
        if row is None:
            continue
        if name == FLOAT32 or not _loses(row, plain, budget):
            return Choice(row, " ".join([*_refusals(refused, budget, measure), _praise(row, plain)]))
        refused.append(f"{name} ({lost_points(row, plain):.1f} points)")
    raise AssertionError("float32 is always taken")


def lost_points(row: Row, plain: Row) -> float:
    """Points that a variant lost; negative = it gained."""
    return (plain.map - row.map) * 100


def _loses(row: Row, plain: Row, budget: float) -> bool:
    lost = lost_points(row, plain)
    return not math.isfinite(lost) or (row.certain and lost > budget)


def _tuned_is_better(measured: Mapping[str, Row], plain: Row, budget: float) -> bool:
    """Whether fine-tuning certainly gained, or lost less where the other int8 file is over the budget, if by chance."""
    tuned, other = measured.get(QAT), measured.get(INT8)
    if tuned is None:
        return False
    lost = lost_points(tuned, plain)
    doubtful = other is not None and not _loses(other, plain, budget) and lost < lost_points(other, plain) > budget
    return doubtful or (tuned.certain and lost < 0)


def _refusals(refused: list[str], budget: float, measure: str) -> list[str]:
    if not refused:
        return []
    return [f"Certainly more than {budget:g} points of {measure} are lost by {' and by '.join(refused)}."]


def _praise(row: Row, plain: Row) -> str:
    if row is plain:
        return "float32 is the only one left: it loses nothing, and no Edge TPU runs it."
    lost = lost_points(row, plain)
    doubt = "" if row.certain or lost <= 0 else ", which could be chance"
    gain = f"certainly gains {-lost:.1f} points" if row.certain else "loses nothing"
    words = f"loses {lost:.1f} points{doubt}" if lost > 0 else gain
    size = f"{row.variant} has {row.kb / plain.kb:.0%} of float32's size, {row.kb:.0f} kB, and {words}"
    if row.variant in _WHOLE_INT8:
        return f"{size}; it is whole in int8, as an Edge TPU needs it."
    return f"{size}; it runs on processors and GPUs, not on an Edge TPU, which takes int8 alone."
