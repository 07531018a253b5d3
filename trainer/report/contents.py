"""What a report says, in words and figures, before it is laid out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge.contracts.bundle import read_manifest
from edge.contracts.types import Head, ModelBundle
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


def notes(scored: Scored) -> tuple[str, ...]:
    """What a reader must know before he trusts the figures."""
    run, boxes = scored.run, scored.evaluation.boxes
    said = []
    if boxes < FEWEST_BOXES:
        what = "pictures" if run.bundle.head is Head.CLASSIFIER else "boxes"
        said.append(f"Too few {what} to tell: the data set has {boxes}; figures of fewer than {FEWEST_BOXES} are luck.")
    if run.unreadable:
        names = ", ".join(path.name for path in run.unreadable[:10])
        said.append(f"{len(run.unreadable)} pictures could not be read and are not counted: {names}")
    if run.unknown:
        said.append(f"The model does not know, and so can never find: {', '.join(run.unknown)}")
    return tuple(said)


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
        _counted(contents.scored),
        ("run by", run.library),
    )


def percent(value: float) -> str:
    """A share as a percentage; a dash where there is nothing to measure."""
    return "-" if math.isnan(value) or value < 0 else f"{value * 100:.1f} %"


def size_of(bundle: ModelBundle) -> str:
    """The size of a file, for people."""
    return f"{bundle.size_bytes / 1e6:.2f} MB"


def _counted(scored: Scored) -> Pair:
    pictures = str(len(scored.run.dataset))
    if scored.run.bundle.head is Head.CLASSIFIER:
        return ("pictures", pictures)
    return ("pictures, boxes", f"{pictures}, {scored.evaluation.boxes}")
