"""What a report says a model is worth, in the words of what it is for: detectors and classifiers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge.contracts.types import Head
from trainer.evaluate.bootstrap import Difference
from trainer.report import boxes, classes, mistakes
from trainer.report.contents import Contents, Pair, Scored, Table, size_of
from trainer.report.figure import Plot
from trainer.report.mistakes import Mistake


@dataclass(frozen=True, slots=True)
class Worth:
    """How models of one kind are reported."""

    columns: tuple[str, ...]
    cells: Callable[[Scored], tuple[str, ...]]  # of the columns
    figures: Callable[[Scored], tuple[Pair, ...]]  # the same for the top of a page
    difference: Callable[[Scored, Scored], Difference]  # what the second has over the first
    class_table: Callable[[Scored], Table]
    plots: Callable[[Scored], tuple[Plot, ...]]
    matrix: Callable[[Scored], Plot]
    mistakes: Callable[[Scored], tuple[Mistake, ...]]
    counted: str  # beside pictures, "" = nothing else


_BOXES = Worth(
    boxes.COLUMNS,
    boxes.cells,
    boxes.figures,
    boxes.difference,
    boxes.class_table,
    boxes.plots,
    boxes.matrix,
    lambda scored: mistakes.worst_mistakes(scored.evaluation),
    "boxes",
)
_CLASSES = Worth(
    classes.COLUMNS,
    classes.cells,
    classes.figures,
    classes.difference,
    classes.class_table,
    classes.plots,
    classes.matrix,
    lambda scored: mistakes.wrong_answers(classes.answers(scored)),
    "",
)
_BY_HEAD: Mapping[Head, Worth] = {Head.CLASSIFIER: _CLASSES}  # all others: detectors


def worth_of(scored: Scored) -> Worth:
    """How this one is reported."""
    return _BY_HEAD.get(scored.run.bundle.head, _BOXES)


def differences(first: Scored, others: Sequence[Scored]) -> tuple[Difference, ...]:
    """What each of the others lacks (-) or has (+) over the first."""
    return tuple(worth_of(first).difference(first, other) for other in others)


def headline(scored: Scored) -> tuple[Pair, ...]:
    """The figures that matter most."""
    latency = scored.run.latency
    return (
        *worth_of(scored).figures(scored),
        (f"ms a picture, p50 ({latency.threads} threads)", f"{latency.p50_ms:.1f}"),
        ("ms, p95", f"{latency.p95_ms:.1f}"),
        ("size", size_of(scored.run.bundle)),
    )


def extent(scored: Scored) -> str:
    """How much it was scored on."""
    worth, pictures = worth_of(scored), f"{len(scored.run.dataset)} pictures"
    return f"{pictures}, {scored.evaluation.boxes} {worth.counted}" if worth.counted else pictures


def model_table(contents: Contents) -> Table:
    """Size, latency and scores of every model, side by side."""
    worth = worth_of(contents.scored)
    heading = ("model", "size", "p50 ms", "p95 ms", *worth.columns)
    rows = [_row(one, worth) for one in (contents.scored, *contents.others)]
    text = [
        f"{other.run.bundle.path.name} against {contents.scored.run.bundle.path.name}: {difference.words()}."
        for other, difference in zip(contents.others, contents.differences, strict=True)
    ]
    if text:
        text.append("Intervals by paired bootstrap over the pictures.")
    text.append("Wall clock of one look: pre-processing, model, decoding; one picture at a time, on this machine.")
    return Table("Size and latency", heading, tuple(rows), tuple(text))


def _row(scored: Scored, worth: Worth) -> tuple[str, ...]:
    latency = scored.run.latency
    times = (f"{latency.p50_ms:.1f}", f"{latency.p95_ms:.1f}")
    return (scored.run.bundle.path.name, size_of(scored.run.bundle), *times, *worth.cells(scored))
