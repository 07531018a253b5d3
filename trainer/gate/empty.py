"""Does the candidate find anything at all, with a score that counts?

A model that died on the way still gives boxes: int8 scores that are all cut off at their lowest value are 1/256 each.
"""

from collections.abc import Sequence

from edge.contracts.types import F64, Detections
from trainer.gate.agreement import FEWEST, sure_cut
from trainer.gate.verdict import Check, Question, failed, passed, unknown
from trainer.report.contents import Scored


def finds(reference: Scored, candidate: Scored) -> Check:
    """Whether its output is more than nothing, where the reference's is."""
    cut = sure_cut(reference.evaluation)
    sure, wanted = _sure(candidate.run.found, cut), _sure(reference.run.found, cut)
    some, theirs = _boxes(candidate.run.found), _boxes(reference.run.found)
    said = (
        f"{sure} boxes with a score that the reference's thresholds let through ({some} of any score) in "
        f"{len(candidate.run.dataset)} pictures, the reference {wanted} ({theirs})"
    )
    dead = (wanted >= FEWEST and not sure) or (theirs and not some)
    if dead or (candidate.evaluation.boxes and not some):
        advice = "its outputs are dead, or no numbers: look at the layers, and at how it was converted"
        return failed(Question.FINDS, f"{said}; {advice}")
    if not some:
        return unknown(Question.FINDS, f"{said}; nothing is there to find: hold out pictures with objects")
    return passed(Question.FINDS, said)


def _sure(found: Sequence[Detections], cut: F64) -> int:
    return sum(int((one.score >= cut[one.label]).sum()) for one in found)


def _boxes(found: Sequence[Detections]) -> int:
    return sum(len(one) for one in found)
