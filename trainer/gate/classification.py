"""Is a classifier as good as the reference on pictures that neither has seen? The gate's accuracy, for classifiers."""

from dataclasses import replace

from trainer.evaluate.bootstrap import Difference, compare_shares
from trainer.evaluate.classification import Classification, classify
from trainer.gate.verdict import Check, Question, Verdict, failed, in_order, passed, unknown
from trainer.report.contents import Scored


def compare_accuracy(
    reference: Classification, candidate: Classification, budget_points: float
) -> tuple[Check, dict[str, float]]:
    """The check and its figures. The budget is of top-1 accuracy, in points.

    Refused where the loss is larger than the budget and the 95 % interval of a paired bootstrap excludes that there is
    none. With few pictures, or where the interval holds zero, it cannot be told.

    Raises:
        ValueError: they were not scored on the same pictures.
    """
    change = compare_shares(reference.right, candidate.right)
    return _check(change, budget_points), {
        "accuracy": change.second,
        "accuracy_reference": change.first,
        "accuracy_drop_points": -100 * change.change,
        "accuracy_drop_low_points": -100 * change.high,
        "accuracy_drop_high_points": -100 * change.low,
        "calibration_error": candidate.reliability.error,
        "calibration_error_reference": reference.reliability.error,
        "budget_points": budget_points,
        "boxes": float(change.boxes),
    }


def by_accuracy(verdict: Verdict, budget_points: float) -> Verdict:
    """The same verdict of a classifier, its loss measured in top-1 accuracy: of mAP users of classifiers know nothing.

    A candidate that could not be run has nothing to measure, and is as it was.
    """
    if not verdict.scored:
        return verdict
    candidate, reference = (_figures(one) for one in verdict.scored)
    check, figures = compare_accuracy(reference, candidate, budget_points)
    others = [one for one in verdict.checks if one.question is not Question.ACCURACY]
    return replace(verdict, checks=in_order([*others, check]), figures={**verdict.figures, **figures})


def _figures(scored: Scored) -> Classification:
    return classify(scored.run.dataset, scored.run.found)


def _check(change: Difference, budget_points: float) -> Check:
    question, lost_points = Question.ACCURACY, -100 * change.change
    said = f"{change.words()}; the budget is {budget_points:g} points"
    if not change.boxes or change.first <= 0:
        nothing = "the reference itself is never right" if change.boxes else "no pictures are held out"
        return unknown(question, f"{nothing}; {said}")
    if not change.enough:
        return unknown(question, f"{said}; hold out more pictures")
    if lost_points <= budget_points + 1e-9:  # of the arithmetic
        return passed(question, said)
    if change.high >= 0:
        return unknown(question, f"{said}; it is more than that, yet could be chance")
    advice = "calibrate with more pictures, train with fake quantisation, or look at the layers that lose it"
    return failed(question, f"{said}; {advice}")
