from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.types import Detections, Head
from tests.rigs.bundles import bundle
from tests.rigs.labelled import dataset, found, picture
from trainer.data.dataset import Dataset
from trainer.evaluate.evaluation import evaluate
from trainer.evaluate.running import Latency, ModelRun
from trainer.gate.accuracy import accuracy
from trainer.gate.agreement import Shared, agreement, shared
from trainer.gate.empty import finds
from trainer.gate.verdict import Answer, Check, Question, Verdict, failed, passed, unknown
from trainer.report.contents import Scored

LEFT, RIGHT, NEAR = (0.1, 0.1, 0.5, 0.9), (0.6, 0.1, 0.9, 0.9), (0.1, 0.1, 0.5, 0.7)  # IoU of LEFT and NEAR: 0.75
CAT, NOTHING = found((0, 0.9, LEFT)), Detections.empty()


def scored(truth: Dataset, seen: list[Detections]) -> Scored:
    made = bundle(Head.SSD, [])
    run = ModelRun(made, truth, tuple(seen), Latency(1.0, 1.0, 1), (), (), "made")
    return Scored(run, evaluate(truth, seen))


def cats(count: int) -> Dataset:
    return dataset(*(picture((0, LEFT)) for _ in range(count)))


def test_counts_what_two_models_share() -> None:
    cut = np.array([0.5, 0.5])
    assert shared([], [], cut) == Shared(0, 0, 0.0)
    assert shared([CAT], [NOTHING], cut) == Shared(1, 0, 0.0)
    assert shared([found((0, 0.4, LEFT))], [CAT], cut) == Shared(0, 0, 0.0)  # it is not sure of it
    for other, count in (
        (found((0, 0.45, LEFT)), 1),  # half of the score
        (found((0, 0.44, LEFT)), 0),
        (found((1, 0.9, LEFT)), 0),
        (found((0, 0.9, RIGHT)), 0),
        (found((0, 0.9, NEAR)), 1),
    ):
        assert shared([CAT], [other], cut).shared == count
    assert shared([CAT], [found((0, 0.9, NEAR))], cut).mean_iou == pytest.approx(0.75)


def test_knows_how_sure_a_share_is() -> None:
    assert Shared(0, 0, 0.0).at_most == 1.0
    assert Shared(10, 10, 1.0).at_most == pytest.approx(1.0)
    assert Shared(10, 4, 1.0).at_most == pytest.approx(0.687, abs=1e-3)  # Wilson's interval of 4 of 10
    assert all(Shared(n, k, 1.0).at_most < 0.8 for n in range(5, 200) for k in range((n + 1) // 2))  # less than half


@pytest.mark.parametrize(
    ("truths", "became", "answer"),
    [
        (0, [], Answer.UNKNOWN),
        (4, [NOTHING] * 4, Answer.UNKNOWN),
        (5, [CAT] * 2 + [NOTHING] * 3, Answer.FAILED),
        (20, [CAT] * 15 + [NOTHING] * 5, Answer.PASSED),  # 75 % of so few may be 80 % of many
        (400, [CAT] * 300 + [NOTHING] * 100, Answer.FAILED),
        (20, [found((0, 0.9, NEAR))] * 20, Answer.PASSED),
        (20, [found((0, 0.9, (0.1, 0.1, 0.5, 0.6)))] * 20, Answer.FAILED),  # an IoU of 0.625 at each
        (20, [found((0, 0.9, LEFT), (0, 0.9, RIGHT))] * 20, Answer.FAILED),  # what only the candidate finds
    ],
)
def test_asks_for_the_same_boxes(truths: int, became: list[Detections], answer: Answer) -> None:
    truth = cats(truths)
    check, figures = agreement(scored(truth, [CAT] * truths), scored(truth, became))
    assert (check.question, check.answer) == (Question.AGREEMENT, answer)
    assert figures["sure"] == truths


def measured(lost: int, of: int, budget: float = 1.0, wrong: int = 0) -> Check:
    """A candidate that lost so many of so many cats; `wrong` are in the place of others."""
    truth = cats(of)
    before = [CAT] * (of - wrong) + [NOTHING] * wrong
    after = [NOTHING] * lost + [CAT] * (of - lost)
    return accuracy(scored(truth, before), scored(truth, after), budget)[0]


def test_asks_for_accuracy() -> None:
    assert measured(0, 0).answer is Answer.UNKNOWN
    assert measured(100, 199).answer is Answer.UNKNOWN
    assert "too few boxes to tell" in measured(100, 199).words
    assert measured(0, 200).answer is Answer.PASSED
    assert measured(40, 200).answer is Answer.FAILED
    assert measured(40, 200, budget=25.0).answer is Answer.PASSED
    assert "the budget is 1 points of mAP" in measured(40, 200).words
    chance = measured(20, 200, wrong=12)  # 20 lost, 12 others found
    assert (chance.answer, "could be chance" in chance.words) == (Answer.UNKNOWN, True)
    useless = measured(200, 200, wrong=200)
    assert (useless.answer, "the float file itself finds nothing right" in useless.words) == (Answer.FAILED, True)


def test_tells_the_figures_of_both() -> None:
    truth = cats(200)
    before, after = scored(truth, [CAT] * 200), scored(truth, [NOTHING] * 40 + [CAT] * 160)
    figures = accuracy(before, after, 1.0)[1]
    assert figures["map_reference"] == pytest.approx(1.0)
    assert figures["map_drop_points"] == pytest.approx(100 * (1 - figures["map"]))
    assert figures["map_drop_low_points"] < figures["map_drop_points"] < figures["map_drop_high_points"]
    assert figures["boxes"] == 200


def test_asks_for_more_than_nothing() -> None:
    low = found((0, 0.004, LEFT))
    for truth, before, after, answer in (
        (dataset(), [], [], Answer.UNKNOWN),
        (dataset(picture()), [NOTHING], [NOTHING], Answer.UNKNOWN),
        (cats(1), [NOTHING], [NOTHING], Answer.FAILED),
        (cats(1), [CAT], [NOTHING], Answer.FAILED),
        (cats(1), [CAT], [CAT], Answer.PASSED),
        (cats(1), [CAT], [low], Answer.PASSED),  # of so few nothing can be told
        (cats(5), [CAT] * 5, [low] * 5, Answer.FAILED),  # scores that are all cut off
    ):
        assert finds(scored(truth, before), scored(truth, after)).answer is answer


def test_says_the_verdict() -> None:
    empty = Verdict(Path("a.tflite"), Path("b.tflite"), "", (), {}, (), ())
    assert empty.accepted
    lost, leaked = failed(Question.ACCURACY, "lost"), failed(Question.TRAINING, "leaked")
    assert replace(empty, checks=(passed(Question.HEAD, ""), unknown(Question.ACCURACY, ""))).accepted
    assert not replace(empty, checks=(lost,)).accepted
    assert replace(empty, checks=(lost,)).forgivable
    both = replace(empty, checks=(lost,)).and_also(leaked)
    assert not both.forgivable
    assert both.words() == "refused: b.tflite; failed: apart from training, accuracy"
    assert "1 of 1 checks cannot tell" in empty.and_also(unknown(Question.ACCURACY, "")).words()
