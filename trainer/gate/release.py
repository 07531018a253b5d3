"""Lets a judged file out, or keeps it in."""

import math
from dataclasses import replace
from pathlib import Path

from edge.contracts.bundle import read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.manifest import FILE_NAME, Manifest
from edge.contracts.model_file import LIMIT_BYTES, check_sha256, read_model_file
from edge.contracts.stored import PUBLIC, replace_file
from trainer.errors import TrainError
from trainer.export.bundle import with_manifest
from trainer.gate.verdict import FORGIVABLE, Verdict, listed

HELD_OUT, GATE = "held_out", "gate"  # splits of the manifest's metrics
MEASURED = ("map", "ap50", "boxes", "pictures")  # of the candidate itself; the others are about the comparison


def release(verdict: Verdict, out: Path, *, report: Path, accept_loss: str = "") -> Manifest:
    """Write the candidate to its final place, with what it reached in its `foresight.json`.

    Args:
        verdict: of the candidate.
        out: the final file; its folder is made. It stays as it was where the candidate is refused.
        report: where the verdict can be read, for the message.
        accept_loss: a person's reason to let it out although it lost accuracy; kept inside. It forgives that alone: no
            leak, no wrong label or order, no dead model.

    Returns:
        The manifest that was written.

    Raises:
        TrainError: it is refused, it is not the file that was judged, or the disk takes it not.
    """
    _refuse(verdict, accept_loss.strip(), report)
    try:
        data = read_model_file(verdict.candidate, LIMIT_BYTES)
        check_sha256(verdict.candidate, data, verdict.sha256)
        manifest = read_manifest(verdict.candidate)
    except ModelError as error:
        raise TrainError(f"it is not the file that was judged: {error}") from error
    if manifest is None:
        raise TrainError(f"{verdict.candidate} carries no {FILE_NAME}; export it with this trainer")
    told = inscribed(manifest, verdict, accept_loss.strip())
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out, with_manifest(data, told), PUBLIC)
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror or error}; free some space") from error
    return told


def inscribed(manifest: Manifest, verdict: Verdict, reason: str) -> Manifest:
    """The manifest with the gate's figures. The reason stays out where nothing had to be forgiven."""
    figures = {name: value for name, value in verdict.figures.items() if math.isfinite(value)}
    measured = {name: figures[name] for name in MEASURED if name in figures}
    compared = {name: value for name, value in figures.items() if name not in MEASURED}
    metrics = {**manifest.metrics, HELD_OUT: {**manifest.metrics.get(HELD_OUT, {}), **measured}, GATE: compared}
    return replace(manifest, metrics=metrics, accepted_loss="" if verdict.accepted else reason)


def _refuse(verdict: Verdict, reason: str, report: Path) -> None:
    """Raise where it must stay in."""
    if verdict.accepted or (verdict.forgivable and reason):
        return
    told = [f"{check.question.value}: {check.words}" for check in verdict.failed]
    if verdict.forgivable:
        advice = "--accept-loss REASON writes it nevertheless, with the reason inside"
    elif reason:
        grave = [check.question.value for check in verdict.failed if check.question not in FORGIVABLE]
        advice = f"--accept-loss forgives a loss of accuracy, not {listed(grave)}"
    else:
        advice = "correct that and export again"
    raise TrainError(f"{verdict.candidate.name} is not written. {'. '.join(told)}. The report is {report}; {advice}")
