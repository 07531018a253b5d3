"""Is the candidate as good as the reference on pictures that neither has seen?"""

from trainer.evaluate.bootstrap import compare, compare_map
from trainer.gate.verdict import Check, Question, failed, passed, unknown
from trainer.report.contents import Scored

BUDGET_POINTS = 1.0  # that quantisation may cost where nobody says otherwise


def accuracy(reference: Scored, candidate: Scored, budget_points: float) -> tuple[Check, dict[str, float]]:
    """The check and its figures. The budget is of mAP (IoU .50:.95), in points; AP50 is told beside it.

    Refused where the loss is larger than the budget and the 95 % interval of a paired bootstrap excludes that there is
    none. With few boxes, or where the interval holds zero, it cannot be told.
    """
    before, after = reference.evaluation.coco, candidate.evaluation.coco
    loss, loss50 = compare_map(before, after), compare(before.matches, after.matches)
    lost_points = -100 * loss.change
    figures = {
        "map": loss.second,
        "map_reference": loss.first,
        "map_drop_points": lost_points,
        "map_drop_low_points": -100 * loss.high,
        "map_drop_high_points": -100 * loss.low,
        "ap50": loss50.second,
        "ap50_reference": loss50.first,
        "budget_points": budget_points,
        "boxes": float(loss.boxes),
    }
    said = f"{loss.words()}; {loss50.change * 100:+.2f} points of AP50; the budget is {budget_points:g} points of mAP"
    if loss.boxes == 0:
        return unknown(Question.ACCURACY, f"the held-out pictures hold no objects; {said}"), figures
    if loss.first <= 0:
        advice = "train longer, on more pictures, or of the classes that are held out"
        return failed(Question.ACCURACY, f"the float file itself finds nothing right: {advice}; {said}"), figures
    if not loss.enough:
        return unknown(Question.ACCURACY, f"{said}; hold out more pictures"), figures
    if lost_points <= budget_points:
        return passed(Question.ACCURACY, said), figures
    if loss.high >= 0:
        return unknown(Question.ACCURACY, f"{said}; it is more than that, yet could be chance"), figures
    advice = "calibrate with more pictures, train with fake quantisation, or look at the layers that lose it"
    return failed(Question.ACCURACY, f"{said}; {advice}"), figures
