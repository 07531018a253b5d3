"""Few looks are kept, spread in time, and not the same thing again and again."""

import pytest

from edge.uncertain.choosing import BURST, DAY_S, PER_PLACE, Chooser
from edge.uncertain.record import Box, Doubt
from edge.uncertain.settings import KeepSettings
from tests.rigs.doubts import HERE, THERE, doubt, record

QUICK = KeepSettings(gap_s=0, per_day=1000)


def place(number: int) -> Box:
    """Somewhere else each time."""
    x, y = (number % 20) / 25, (number // 20 % 20) / 25
    return x, y, x + 0.03, y + 0.03


def choose(chooser: Chooser, *doubts: Doubt, at_s: float, camera: str = "cam") -> int:
    return len(chooser.choose(camera, doubts, at_s))


def test_nothing_of_nothing() -> None:
    assert Chooser(QUICK).choose("cam", (), 1000.0) == ()


def test_a_parked_car_is_kept_a_few_times_a_day() -> None:
    chooser = Chooser(KeepSettings(gap_s=60))
    times = range(0, int(DAY_S), 300)
    assert sum(choose(chooser, doubt(), at_s=1e6 + at_s) for at_s in times) == PER_PLACE
    assert choose(chooser, doubt(), at_s=1e6 + 2 * DAY_S) == 1


def test_a_track_is_kept_once_for_one_reason() -> None:
    chooser = Chooser(QUICK)
    kept = [choose(chooser, doubt(place(number), track=7), at_s=1000.0 + number) for number in range(5)]
    assert kept == [1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("camera", "label", "after_s", "kept"),
    [
        ("cam", "car", 59.0, 0),
        ("cam", "car", 61.0, 1),
        ("cam", "van", 10.0, 0),
        ("cam", "van", 16.0, 1),
        ("b", "car", 0.0, 1),
    ],
)
def test_gaps_between_looks(camera: str, label: str, after_s: float, kept: int) -> None:
    chooser = Chooser(KeepSettings(gap_s=60))
    assert choose(chooser, doubt(HERE), at_s=1000.0) == 1
    assert choose(chooser, doubt(THERE, label), at_s=1000.0 + after_s, camera=camera) == kept


def test_no_more_than_the_days_budget_and_not_all_at_once() -> None:
    settings = KeepSettings(gap_s=0, per_day=80)
    chooser = Chooser(settings)
    first_hour = sum(choose(chooser, doubt(place(k), f"l{k}", 1.0), at_s=1e6 + k) for k in range(3600))
    assert settings.per_day * BURST <= first_hour <= settings.per_day * BURST + 4
    times = range(3600, int(DAY_S), 60)
    rest = sum(choose(chooser, doubt(place(k), f"l{k}", 1.0), at_s=1e6 + k) for k in times)
    assert settings.per_day * 0.9 <= first_hour + rest <= settings.per_day


def test_the_scarcer_the_budget_the_more_a_look_has_to_tell() -> None:
    chooser = Chooser(KeepSettings(gap_s=0, per_day=80))
    dull = sum(choose(chooser, doubt(place(k), f"l{k}", 0.1), at_s=1e6) for k in range(40))
    telling = sum(choose(chooser, doubt(place(k), f"m{k}", 0.9), at_s=1e6) for k in range(40))
    assert 0 < dull < 80 * BURST
    assert dull + telling == 80 * BURST


def test_what_lies_on_disk_counts_over_restarts() -> None:
    settings = KeepSettings(gap_s=0, per_day=3)
    records = [record(number, camera="cam") for number in range(3)]
    at_s = records[-1].utc_ns / 1e9 + 10
    assert choose(Chooser(settings, records), doubt(THERE, "van"), at_s=at_s) == 0
    assert choose(Chooser(settings, records[:1]), doubt(THERE, "van"), at_s=at_s + DAY_S / 3) == 1
    assert choose(Chooser(settings, records), doubt(THERE, "van"), at_s=at_s + DAY_S) == 1
    roomy = Chooser(QUICK, records[:2])
    assert choose(roomy, doubt(HERE, "car"), at_s=at_s) == 0  # the same place twice already
    assert choose(roomy, doubt(THERE, "car"), at_s=at_s) == 1


@pytest.mark.parametrize("jump_s", [-10 * DAY_S, -5.0, 5.0, 1000 * DAY_S])
def test_a_clock_that_jumps_stops_nothing_for_long(jump_s: float) -> None:
    chooser = Chooser(KeepSettings(gap_s=1, per_day=100))
    for number in range(10):
        choose(chooser, doubt(place(number), f"a{number}"), at_s=1e9 + number)
    after = [choose(chooser, doubt(place(k), f"b{k}", 1.0), at_s=1e9 + jump_s + 1000 * k) for k in range(20)]
    assert sum(after) >= 10


def test_what_is_remembered_is_bounded() -> None:
    chooser = Chooser(KeepSettings(gap_s=0, per_day=10_000))
    for number in range(3000):
        choose(chooser, doubt(place(number), f"l{number}", 1.0), at_s=1e6 + 100 * number)
    assert len(chooser._kept) <= 1000
