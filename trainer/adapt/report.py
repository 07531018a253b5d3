"""The report of an adaptation: the student beside its teacher and beside the student as it was."""

from collections.abc import Sequence
from pathlib import Path

from trainer.adapt.labelling import Footage
from trainer.adapt.scoring import Marked
from trainer.evaluate.bootstrap import compare
from trainer.report.contents import Contents, Table, percent
from trainer.report.page import write_report

AGREEMENT, TRUTH = "Agreement with the teacher", "Against the truth"
SAID = {
    AGREEMENT: "The labels are the teacher's own, cleaned by its tracks: this is agreement with it, not truth. What it "
    "is unsure of is not counted.",
    TRUTH: "The labels are those that were given (--truth).",
}


def score_table(title: str, marked: Sequence[Marked]) -> Table:
    """Scores of the first model, which is the student, and of the others; and what each has over it."""
    rows = []
    for one in marked:
        scores = one.scored.evaluation.coco.scores
        latency = one.scored.run.latency
        figures = (percent(scores.ap50), percent(scores.ap), percent(scores.ar_100))
        rows.append((one.name, one.scored.run.bundle.path.name, *figures, f"{latency.p50_ms:.1f}"))
    first, *others = marked
    text = [SAID[title]]
    for other in others:
        difference = compare(other.scored.evaluation.coco.matches, first.scored.evaluation.coco.matches)
        text.append(f"{first.name} against {other.name}: {difference.words()}.")
    return Table(title, ("model", "file", "AP50", "AP", "recall", "p50 ms"), tuple(rows), tuple(text))


def footage_table(footage: Footage) -> Table:
    """What the labels are made of."""
    rows = [(name, str(len(part)), str(boxes(footage, name))) for name, part in footage.parts.items()]
    text = [f"{footage.tally.words()}.", *footage.cuts]
    text += [f"{problem.path}: {problem.what}; {problem.advice}" for problem in footage.problems]
    return Table("The footage", ("part", "pictures", "boxes"), tuple(rows), tuple(text))


def boxes(footage: Footage, part: str) -> int:
    """Labels in a part."""
    return sum(len(picture.label) for picture in footage.parts[part].pictures)


def write_adaptation(tables: Sequence[Table], agreement: Sequence[Marked], out: Path) -> None:
    """Write the page about the student, the first of those that were marked.

    Raises:
        OSError: it cannot be written.
    """
    first, *others = agreement
    matches = first.scored.evaluation.coco.matches
    differences = tuple(compare(matches, other.scored.evaluation.coco.matches) for other in others)
    contents = Contents(
        scored=first.scored,
        others=tuple(other.scored for other in others),
        differences=differences,
        training=(),
        tables=tuple(tables),
        data_name="held-out frames, labelled by the teacher",
    )
    write_report(contents, out)
