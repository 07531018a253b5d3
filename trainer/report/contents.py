"""What a report says, in words and figures, before it is laid out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.contracts.bundle import read_manifest
from edge.contracts.types import ModelBundle
from trainer.evaluate.bootstrap import FEWEST_BOXES, Difference
from trainer.evaluate.evaluation import Evaluation
from trainer.evaluate.running import ModelRun
from trainer.report.figure import Plot
from trainer.report.training import Curve

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of words; the paragraphs of `text` stand below it."""

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: tuple[str, ...]


class Tone(StrEnum):
    """How an answer is meant: the class of its style."""

    GOOD = "good"
    BAD = "bad"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Finding:
    """One question that was asked of a model, and its answer."""

    question: str
    answer: str
    tone: Tone
    words: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge says of a model, and why."""

    words: str
    tone: Tone
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One model over one data set, and what it is worth there."""

    run: ModelRun
    evaluation: Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """All that a report is made of. The first model is the one it is about; others are beside it in the table."""

    scored: Scored
    others: tuple[Scored, ...]
    differences: tuple[Difference, ...]  # of the others: what each lacks (-) or has (+) over the first
    training: tuple[Curve, ...]
    tables: tuple[Table, ...]  # of whoever asks for the report: the gate's layers, ...
    data_name: str
    judgements: tuple[Judgement, ...] = ()  # they stand at the top
    plots: tuple[Plot, ...] = ()  # of whoever asks for the report; over the whole width


def headline(scored: Scored) -> tuple[Pair, ...]:
    """The figures that matter most."""
    scores, latency = scored.evaluation.coco.scores, scored.run.latency
    return (
        ("AP50", percent(scores.ap50)),
        ("AP (IoU .50:.95)", percent(scores.ap)),
        ("AP75", percent(scores.ap75)),
        (f"ms a picture, p50 ({latency.threads} threads)", f"{latency.p50_ms:.1f}"),
        ("ms, p95", f"{latency.p95_ms:.1f}"),
        ("size", size_of(scored.run.bundle)),
    )


def notes(scored: Scored) -> tuple[str, ...]:
    """What a reader must know before he trusts the figures."""
    run, boxes = scored.run, scored.evaluation.boxes
    said = []
    if boxes < FEWEST_BOXES:
        said.append(f"Too few boxes to tell: the data set has {boxes}; figures of fewer than {FEWEST_BOXES} are luck.")
    if run.unreadable:
        names = ", ".join(path.name for path in run.unreadable[:10])
        said.append(f"{len(run.unreadable)} pictures could not be read and are not counted: {names}")
    if run.unknown:
        said.append(f"The model does not know, and so can never find: {', '.join(run.unknown)}")
    return tuple(said)


def model_table(contents: Contents) -> Table:
    """Size, latency and scores of every model, side by side."""
    heading = ("model", "size", "p50 ms", "p95 ms", "AP50", "AP", "AP75")
    rows = [_model_row(one) for one in (contents.scored, *contents.others)]
    text = [
        f"{other.run.bundle.path.name} against {contents.scored.run.bundle.path.name}: {difference.words()}."
        for other, difference in zip(contents.others, contents.differences, strict=True)
    ]
    if text:
        text.append("Intervals by paired bootstrap over the pictures.")
    text.append("Wall clock of one look: pre-processing, model, decoding; one picture at a time, on this machine.")
    return Table("Size and latency", heading, tuple(rows), tuple(text))


def class_table(evaluation: Evaluation) -> Table:
    """Per class: boxes, scores and the best threshold; the commonest classes first."""
    coco, labels = evaluation.coco, evaluation.dataset.labels
    order = sorted(range(len(labels)), key=lambda label: -coco.matches[label].boxes)
    rows = []
    for label in order:
        cut, boxes = evaluation.cuts[label], coco.matches[label].boxes
        if boxes:
            figures = (coco.class_ap50[label], coco.class_ap[label], cut.f1, cut.precision, cut.recall)
            rows.append((labels[label], str(boxes), *map(percent, figures), f"{cut.score:.2f}"))
    heading = ("class", "boxes", "AP50", "AP", "best F1", "precision there", "recall there", "score threshold")
    return Table(
        "By class",
        heading,
        tuple(rows),
        ("Thresholds are those of the best F1 on this very data; of few boxes they are luck.",),
    )


def particulars(contents: Contents) -> tuple[Pair, ...]:
    """The metadata of model and data."""
    run = contents.scored.run
    bundle, manifest = run.bundle, read_manifest(run.bundle.path)
    tensor = bundle.input.tensor
    own: Sequence[Pair] = ()
    if manifest is not None:
        calibration = manifest.calibration
        calibrated = f"{calibration.samples} samples of {calibration.data}" if calibration.samples else "none"
        own = (
            ("quantisation", manifest.quantisation),
            ("calibration", calibrated),
            ("recipe", manifest.recipe),
            ("revision", manifest.revision),
        )
    return (
        ("file", bundle.path.name),
        ("sha256", bundle.sha256),
        ("name and version", f"{bundle.name} {bundle.version}".strip()),
        ("head", bundle.head.value),
        ("input", f"{tensor.dtype} {list(tensor.shape)}, {bundle.input.resize.value}, {bundle.input.order.value}"),
        ("labels", str(len([name for name in bundle.labels if name]))),
        *own,
        ("data", contents.data_name),
        ("pictures, boxes", f"{len(run.dataset)}, {contents.scored.evaluation.boxes}"),
        ("run by", run.library),
    )


def percent(value: float) -> str:
    """A share as a percentage; a dash where there is nothing to measure."""
    return "-" if math.isnan(value) or value < 0 else f"{value * 100:.1f} %"


def size_of(bundle: ModelBundle) -> str:
    """The size of a file, for people."""
    return f"{bundle.size_bytes / 1e6:.2f} MB"


def _model_row(scored: Scored) -> tuple[str, ...]:
    scores, latency = scored.evaluation.coco.scores, scored.run.latency
    figures = map(percent, (scores.ap50, scores.ap, scores.ap75))
    times = (f"{latency.p50_ms:.1f}", f"{latency.p95_ms:.1f}")
    return (scored.run.bundle.path.name, size_of(scored.run.bundle), *times, *figures)
