"""How time and tracks are divided between what is learnt from and what is judged by."""

import numpy as np
import pytest

from edge.contracts.types import Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.division import Part, Stay, alike, part_of, period_of, span_s, stayed
from tests.rigs.bundles import bundle
from tests.rigs.trainee import learning_bundle

SHARE, SPAN_S = 0.25, 1.0  # periods of ten seconds, of which the last three are judged by
HOUR_S, DAY_S = 3600.0, 86_400.0


def divided(begins_s: list[float], span: float = SPAN_S) -> list[tuple[float, Part | None]]:
    """One track whose samples, each of one span, begin then."""
    stay: Stay | None = None
    found: list[tuple[float, Part | None]] = []
    for begin_s in begins_s:
        part = part_of(begin_s, begin_s + span, span, SHARE)
        now = stay if part is None else stayed(stay, part, begin_s, begin_s + span, span, SHARE)
        taken = part is not None and now is not None
        stay = now if taken else stay
        found.append((begin_s, part if taken else None))
    return found


def of(part: Part, found: list[tuple[float, Part | None]]) -> list[float]:
    return [begin_s for begin_s, its in found if its is part]


@pytest.mark.parametrize(
    ("begin_s", "end_s", "part"),
    [
        (0.0, 1.0, Part.LEARN),
        (0.0, 6.9, Part.LEARN),
        (6.5, 7.5, None),
        (7.0, 8.0, Part.JUDGE),
        (8.5, 9.5, Part.JUDGE),
        (9.5, 10.5, None),
        (10.0, 11.0, Part.LEARN),
        (-3.0, -2.0, Part.JUDGE),
        (0.0, 10.5, None),
    ],
)
def test_time_is_divided(begin_s: float, end_s: float, part: Part | None) -> None:
    assert part_of(begin_s, end_s, SPAN_S, SHARE) is part


@pytest.mark.parametrize("span", [1.0, HOUR_S, 15 * HOUR_S, 43 * HOUR_S, 14 * DAY_S])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_however_long_samples_are_some_are_learnt_from_and_some_are_judged_by(span: float, share: float) -> None:
    begins = np.arange(0, 4 * period_of(span, share), span / 8)
    parts = [part_of(begin, begin + span, span, share) for begin in begins.tolist()]
    learnt, judged = (sum(one is part for one in parts) for part in Part)
    assert learnt > 0
    assert judged / (learnt + judged) == pytest.approx(share, rel=0.6)


@pytest.mark.parametrize("first_s", [0.0, 4.0, 7.0, 8.0])
def test_a_track_that_stays_for_ever_is_learnt_from_and_judged_by(first_s: float) -> None:
    found = divided(np.arange(first_s, 200, 0.25).tolist())
    learnt, judged = (of(part, found) for part in Part)
    assert len(learnt) > 150
    assert len(judged) > 40
    apart = min(max(one - (other + SPAN_S), other - (one + SPAN_S)) for one in learnt for other in judged)
    assert apart >= SPAN_S


@pytest.mark.parametrize("first_s", [0.0, 5.5, 7.0, 9.0])
def test_a_track_that_goes_within_a_period_is_of_one_part(first_s: float) -> None:
    found = divided(np.arange(first_s, first_s + 9.9, 0.25).tolist())
    learnt, judged = (of(part, found) for part in Part)
    assert (learnt == []) != (judged == [])


def test_late_samples_of_the_time_before_a_change_are_left_out() -> None:
    stay = Stay(Part.JUDGE, 0.0, 28.0, 29.0)
    for begin_s, part in ((20.0, Part.LEARN), (17.0, Part.JUDGE), (29.5, Part.LEARN)):
        assert stayed(stay, part, begin_s, begin_s + SPAN_S, SPAN_S, SHARE) is None
    assert stayed(stay, Part.LEARN, 30.0, 31.0, SPAN_S, SHARE) == Stay(Part.LEARN, 0.0, 30.0, 31.0)


@pytest.mark.parametrize(
    ("group", "begin_s", "count"),
    [
        ([], [], 0),
        (["a", "a", "b"], [0.0, 9.0, 0.0], 2),
        (["a", "a"], [9.0, 11.0], 2),  # in two periods
        (["", "", ""], [0.0, 0.2, 0.9], 1),  # windows that overlap
        (["", "", ""], [0.0, 1.0, 2.0], 3),
    ],
)
def test_samples_that_tell_much_the_same(group: list[str], begin_s: list[float], count: int) -> None:
    assert len(set(alike(group, np.array(begin_s), SPAN_S, SHARE))) == count


def test_how_long_a_sample_is() -> None:
    assert span_s(learning_bundle()) == 3 * 0.5 + 2.0
    window = SeriesWindow(("a",), 24, HOUR_S, Scaling.FIXED, (0.0,), (1.0,), (1, 6))
    assert span_s(bundle(Head.SERIES, [], window=window)) == 29 * HOUR_S
    assert span_s(bundle(Head.AUTOENCODER, [], window=window)) == 23 * HOUR_S
    assert span_s(bundle(Head.SSD, [])) == 1.0
