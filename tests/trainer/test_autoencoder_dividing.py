import numpy as np
import pytest

from trainer.autoencoder.dividing import disjoint, divide_stretches
from trainer.errors import TrainError
from trainer.series.regular import Series


def series(rows: int, gap_at: int = -1) -> Series:
    at = np.arange(rows)
    piece = (at >= gap_at).astype(np.int64) * (gap_at > 0)
    return Series(("a",), 60.0, at[:, None].astype(float), np.ones((rows, 1), np.bool_), piece)


def test_no_row_is_in_two_parts() -> None:
    divided = divide_stretches(series(2000), 10)
    rows = [
        set((part[:, None] + np.arange(-9, 1)).ravel().tolist())
        for part in (divided.train, divided.validation, divided.test)
    ]
    assert not rows[0] & rows[1]
    assert not rows[1] & rows[2]
    assert (min(rows[2]), max(rows[2])) == (1600, 1999)
    assert rows[0] == set(divided.rows.tolist())
    assert len(rows[1]) == 0.2 * 1600


def test_what_chooses_comes_from_all_over_the_time_that_is_learnt_from() -> None:
    divided = divide_stretches(series(2000), 10)
    assert np.histogram(divided.validation, 4, (0, 1600))[0].min() > 50


def test_no_window_crosses_a_gap() -> None:
    divided = divide_stretches(series(2000, gap_at=305), 10)
    for part in (divided.train, divided.validation, divided.test):
        assert not ((part - 9 < 305) & (part >= 305)).any()


@pytest.mark.parametrize("rows", [2, 40, 300])
def test_too_few_readings_are_refused(rows: int) -> None:
    with pytest.raises(TrainError, match="give more, some 312"):
        divide_stretches(series(rows), 10)


@pytest.mark.parametrize(
    ("origin", "count"), [([], 0), ([3], 1), ([3, 4, 5, 6], 1), ([3, 4, 5, 6, 7], 2), ([3, 20, 21, 24], 3)]
)
def test_windows_that_share_a_sample_count_once(origin: list[int], count: int) -> None:
    assert disjoint(np.array(origin, np.int64), 4) == count
