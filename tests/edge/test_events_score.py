"""The score that is kept of expectations, against counting by hand."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edge.contracts.scores import ExpectationScore
from edge.contracts.stored import MAX_BYTES, Json
from edge.contracts.types import F32, Outcome, Tracks
from edge.events.log import EventLog
from edge.events.odds import draw_weights, entry_times, odds, within
from edge.events.paths import Paths
from edge.events.questions import Question, Questions
from edge.events.settings import EventSettings, ExpectSettings, ZoneSettings
from edge.events.tally import Tally
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.rigs.foretold import live_log, seen_with_noise, walkers
from tests.rigs.tracks import at, tracks

YARD = ZoneSettings(name="yard", points=((0.5, 0.2), (0.8, 0.2), (0.8, 0.8), (0.5, 0.8)))
FORECASTER = ConstantVelocity(ForecastSettings())
SQUARE: F32 = np.array([[(0.5, 0, 1, 0), (1, 0, 1, 1), (1, 1, 0.5, 1), (0.5, 1, 0.5, 0)]], np.float32)


def log() -> EventLog:
    return EventLog("door", ["person"], EventSettings(expected=ExpectSettings()), [YARD], [])


def play(under: EventLog, seen: Sequence[tuple[float, Tracks]]) -> None:
    for t_s, now in seen:
        under.step(now, FORECASTER.forecast(now), {}, t_s, int(t_s * 1e9))


def walking(start: float, until_s: float, speed: float = 0.1) -> list[tuple[float, Tracks]]:
    """Someone who walks to the right at a constant speed."""
    return [
        (round(float(t), 3), tracks([at(start + speed * t, 0.5)], velocity=[[speed, 0, speed, 0]]))
        for t in np.arange(0, until_s, 0.1)
    ]


def only(under: EventLog) -> ExpectationScore:
    (score,) = under.scores()
    return score


def test_nothing_has_happened() -> None:
    score = only(log())
    assert (score.place, score.questions, score.hours, score.reliability) == ("yard", 0, 0, ())
    assert all(map(math.isnan, (score.brier, score.skill, score.recall, score.lead_s, score.precision)))


def test_a_walk_into_the_zone() -> None:
    under = log()
    play(under, walking(0.25, 8.0))
    score = only(under)
    assert (score.happened, score.recall, score.precision, score.undecided) == pytest.approx((1, 1, 1, 0), abs=1e-4)
    assert score.lead_s == pytest.approx(2.0, abs=0.4)
    assert score.lead_share == pytest.approx(1)
    assert score.hours == pytest.approx(8 / 3600, rel=0.2)
    assert score.questions == pytest.approx(2, abs=0.01)  # about 0.2 and 2.2 s
    assert 0 < score.brier < 0.2


def test_who_is_there_when_first_seen_is_no_miss() -> None:
    under = log()
    play(under, walking(0.6, 2.0, 0.0))
    score = only(under)
    assert (score.happened, score.appeared) == pytest.approx((0, 1), abs=1e-4)


def test_an_entry_that_nobody_expected_counts_against_recall() -> None:
    under = log()
    jump = [(3.0 + 0.1 * n, tracks([at(0.6, 0.5)])) for n in range(10)]
    play(under, [(t, tracks([at(0.2, 0.5)])) for t in np.arange(0, 3, 0.1).tolist()] + jump)
    score = only(under)
    assert (score.happened, score.recall, score.lead_share) == pytest.approx((1, 0, 0), abs=1e-4)


def test_who_vanishes_leaves_the_question_unanswered_and_nothing_is_held_against_it() -> None:
    under = log()
    play(under, [*walking(0.25, 1.0), *((1 + 0.1 * n, Tracks.empty()) for n in range(60))])
    score = only(under)
    assert (score.questions, score.unanswered) == pytest.approx((0, 1), abs=1e-4)
    assert math.isnan(score.precision)
    assert score.undecided == pytest.approx(1, abs=1e-4)
    assert score.false_per_hour == 0


@pytest.mark.parametrize(
    ("happens_s", "last_seen_s", "answer"),
    [(2.0, 9.0, [True]), (4.0, 9.0, [False]), (None, 9.0, [False]), (None, 2.0, []), (None, None, [None])],
    ids=["in time", "late", "never", "out of sight", "gone"],
)
def test_answers(happens_s: float | None, last_seen_s: float | None, answer: list[bool | None]) -> None:
    questions = Questions(0.5)
    questions.ask(Question((1, 2), 0.7, 0.0, 3.0))
    told = [] if happens_s is None else list(questions.happened((1, 2), happens_s))
    told += questions.due(9.0, lambda _: last_seen_s)
    assert told == [((1, 2), 0.7, each) for each in answer]


def test_a_tally_against_its_definition() -> None:
    random = np.random.default_rng(2)
    stated = random.uniform(0, 1, 2000)
    true = random.uniform(0, 1, 2000) < stated
    tally = Tally(half_life_h=1e6)
    for probability, came in zip(stated.tolist(), true.tolist(), strict=True):
        tally.answered(probability, came)
    score = tally.score("yard", 3.0)
    assert score.brier == pytest.approx(((stated - true) ** 2).mean())
    assert score.brier_of_base_rate == pytest.approx(((true.mean() - true) ** 2).mean())
    assert score.skill == pytest.approx(1 - score.brier / score.brier_of_base_rate)
    lower = stated < 0.1
    first = score.reliability[0]
    assert (first.stated, first.true, first.asked) == pytest.approx(
        (stated[lower].mean(), true[lower].mean(), lower.sum())
    )
    assert all(abs(each.stated - each.true) < 0.12 for each in score.reliability)


def test_what_is_old_fades_and_the_rates_stay() -> None:
    tally = Tally(half_life_h=2.0)
    for _ in range(8):
        tally.answered(0.5, True)
    tally.resolved(0.8, Outcome.KEPT)
    tally.watched(2 * 3600)
    score = tally.score("yard", 3.0)
    assert (score.questions, score.brier, score.expected, score.precision) == pytest.approx((4, 0.25, 0.5, 1))


def test_a_restart_goes_on_and_nonsense_begins_anew() -> None:
    under, after = log(), log()
    play(under, walking(0.25, 8.0))
    kept = json.loads(json.dumps(under.score_state()))
    after.restore_scores(kept)
    assert after.scores()[0].happened == pytest.approx(under.scores()[0].happened, abs=1e-4)
    assert after.scores()[0].lead_s == pytest.approx(under.scores()[0].lead_s, abs=0.01)
    impossible: list[Json] = ["x", 10**400, -1, math.inf, math.nan]
    spoiled: list[dict[str, Json]] = [{}, {"yard": 3}, {"yard": {"sums": [1]}}]
    spoiled += [{"yard": {**kept["yard"], "counts": [one] * 10}} for one in impossible]
    for nonsense in spoiled:
        fresh = log()
        fresh.restore_scores(nonsense)
        assert fresh.scores()[0].happened == 0


def test_a_zone_that_was_moved_begins_anew() -> None:
    under = log()
    play(under, walking(0.25, 8.0))
    moved = YARD.model_copy(update={"points": ((0.5, 0.2), (0.8, 0.2), (0.8, 0.9), (0.5, 0.8))})
    after = EventLog("door", ["person"], EventSettings(), [moved], [])
    after.restore_scores(json.loads(json.dumps(under.score_state())))
    assert after.scores()[0].happened == 0


def test_two_ways_that_an_object_may_go() -> None:
    """Left or right, each straight: one leads in; its weight is the probability, not that of their mean."""
    left, right = [(0.3, 0.5), (0.1, 0.5)], [(0.3, 0.5), (0.7, 0.5)]
    point: F32 = np.array([[left, right]], np.float32)
    both = Paths(
        point, np.zeros((1, 2, 2), np.float32), np.array([[0.7, 0.3]], np.float32), np.array([0, 2], np.float32)
    )
    times, weight = entry_times(both, SQUARE, np.zeros(1, np.float32)), draw_weights(both)
    assert tuple(each[0] for each in odds(times, weight, 9.0)) == pytest.approx((0.3, 1.0), abs=1e-3)
    assert within(times, weight, 0.9) == pytest.approx(0)
    assert within(times, weight, 1.1) == pytest.approx(0.3)


def test_an_object_that_may_go_two_ways_is_expected_with_the_weight_of_the_way_in() -> None:
    under, told = log(), []
    for t_s, now in walking(0.25, 1.5):
        plain = FORECASTER.forecast(now)
        back = plain.mode_centre * np.array([-1, 1], np.float32) + np.array([0.4, 0], np.float32)
        both = replace(
            plain,
            mode_weight=np.array([[0.8, 0.2]], np.float32),
            mode_centre=np.concatenate([plain.mode_centre, back], axis=1),
            mode_sigma=np.full((1, 2, len(plain.horizon_s)), 1e-6, np.float32),
        )
        told += [event.expectation for event in under.step(now, both, {}, t_s, 0) if event.expectation]
    assert [said.probability for said in told] == [pytest.approx(0.8)]


def test_hundreds_of_places_fit_into_the_file() -> None:
    tally = Tally(1.0)
    for n in range(1000):
        tally.answered(n / 1000, n % 3 == 0)
        tally.happened(n / 7)
    assert len(json.dumps({"a": {"b": tally.state()}}, indent=1)) * 500 < MAX_BYTES


def test_the_live_score_is_that_of_the_truth() -> None:
    clip = walkers(3, 60)
    under = live_log(seen_with_noise(clip, 1), [YARD])
    score = only(under)
    assert score.questions > 100
    assert score.skill > 0.4
    assert score.recall > 0.5


def test_nothing_is_scored_where_nothing_is_expected() -> None:
    log = EventLog("door", ["person"], EventSettings(expected=ExpectSettings(enabled=False)), [YARD], [])
    assert log.scores() == []
