"""How often a sensor speaks."""

import pytest

from edge.sensors.pace import FIRST, KEPT, Pace


def heard(pace: Pace, step_s: float, count: int, begin_s: float = 0.0) -> list[bool]:
    return [pace.heard(begin_s + step_s * k) for k in range(count)]


def test_nothing_is_known_at_first() -> None:
    assert (Pace(0).step_s, Pace(0).sparse) == (0, False)


@pytest.mark.parametrize("step_s", [0.1, 1.0, 300.0])
def test_the_step_is_that_of_the_first_readings(step_s: float) -> None:
    pace = Pace(0)
    assert heard(pace, step_s, FIRST + 1) == [False] * FIRST + [True]
    assert pace.step_s == pytest.approx(step_s)
    assert pace.sparse


def test_readings_all_at_once_say_nothing() -> None:
    pace = Pace(0)
    assert not any(heard(pace, 0.0, 1000))
    assert pace.step_s == 0


def test_a_step_that_turns_out_wrong_is_chosen_anew() -> None:
    pace = Pace(0)
    heard(pace, 0.01, FIRST + 1)
    assert any(heard(pace, 60.0, 3 * KEPT, 10.0))
    assert pace.step_s == 60


def test_a_given_step_stays_and_a_kept_one_is_gone_on_with() -> None:
    pace = Pace(5.0)
    assert not any(heard(pace, 0.1, 10 * KEPT))
    assert (pace.step_s, pace.sparse) == (5.0, False)
    pace.restore(7.0)
    assert pace.step_s == 5.0
    kept = Pace(0)
    kept.restore(7.0)
    assert kept.step_s == 7.0
