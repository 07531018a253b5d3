import numpy as np
import pytest

from edge.contracts.types import F64
from edge.series.referee import Referee

STEPS = np.array([1])


def judged(referee: Referee, errors: F64, *, seen: bool = True) -> list[int]:
    """Who serves after each row of errors (n, M)."""
    served = []
    for row in errors:
        error = row[:, None, None]
        referee.score(error, np.array([[seen]]), referee.picked(error), referee.sigma())
        served.append(int(referee.serving[0, 0]))
    return served


def noise(rows: int, *scales: float) -> F64:
    return np.random.default_rng(4).normal(size=(rows, len(scales))) * np.array(scales)


@pytest.mark.parametrize(
    ("scales", "serves"),
    [((1.0, 1.0), 0), ((1.0, 2.0), 0), ((1.0, 0.5), 1), ((1.0, 0.5, 0.2), 2)],
)
def test_the_best_serves_once_it_has_proved_itself(scales: tuple[float, ...], serves: int) -> None:
    referee = Referee(len(scales), STEPS, 1, 300)
    served = judged(referee, noise(400, *scales))
    assert served[:29] == [0] * 29
    if scales != (1.0, 1.0):
        assert served[-100:] == [serves] * 100


def test_what_was_not_seen_changes_nothing() -> None:
    referee = Referee(2, STEPS, 1, 300)
    judged(referee, noise(200, 1.0, 0.5))
    before = [np.copy(getattr(referee, name)) for name in ("square", "recent", "swift", "count", "log_factor")]
    judged(referee, np.full((50, 2), np.nan), seen=False)
    after = [getattr(referee, name) for name in ("square", "recent", "swift", "count", "log_factor")]
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_who_fails_all_at_once_is_replaced_at_once_and_may_come_back() -> None:
    referee = Referee(2, STEPS, 1, 1000)
    assert judged(referee, noise(2000, 1.0, 0.1))[-1] == 1
    assert 0 in judged(referee, noise(20, 1.0, 4.0))
    assert judged(referee, noise(300, 1.0, 0.1))[-1] == 1


def test_one_wild_reading_replaces_nobody_and_hardly_moves_sigma() -> None:
    referee = Referee(2, STEPS, 1, 1000)
    judged(referee, noise(1000, 1.0, 0.1))
    before = float(referee.sigma()[0, 0])
    assert judged(referee, np.full((1, 2), 1e6)) == [1]
    assert judged(referee, noise(100, 1.0, 0.1)) == [1] * 100
    assert float(referee.sigma()[0, 0]) < 1.4 * before


def test_sigma_covers_what_it_should_whatever_the_distribution() -> None:
    chance, referee, inside = np.random.default_rng(1), Referee(1, STEPS, 1, 300), []
    for error in chance.standard_t(3, size=4000):
        sigma = referee.sigma()
        inside.append(abs(error) <= sigma[0, 0])
        referee.score(np.full((1, 1, 1), error), np.array([[True]]), np.full((1, 1), error), sigma)
    assert 0.66 < np.mean(inside[1000:]) < 0.71
