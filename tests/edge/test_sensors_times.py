"""Times as sensors write them."""

from datetime import UTC, date, datetime

import pytest

from edge.contracts.errors import MessageError
from edge.sensors.times import epoch_s, unit_of_name

T = 1_700_000_000


@pytest.mark.parametrize(
    ("told", "unit_s", "expected"),
    [
        (0, 0.0, 0.0),
        (T, 0.0, T),
        (T * 1000 + 5, 0.0, T + 0.005),
        (T * 10**6, 0.0, T),
        (T * 10**9, 0.0, T),
        (str(T), 0.0, T),
        ("1700000000.25", 0.0, T + 0.25),
        (1500, 1e-3, 1.5),
        ("2023-11-14T22:13:20Z", 0.0, T),
        ("2023-11-14 22:13:20", 0.0, T),
        ("2023-11-14T23:13:20+01:00", 0.0, T),
        (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), 0.0, T),
        (date(1970, 1, 2), 0.0, 86400.0),
    ],
)
def test_times(told: object, unit_s: float, expected: float) -> None:
    assert epoch_s(told, unit_s) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("told", ["", "soon", None, True, float("nan"), 10**30, [], "2023-13-01"])
def test_what_is_no_time_is_refused(told: object) -> None:
    with pytest.raises(MessageError, match="is neither a number nor ISO"):
        epoch_s(told)


@pytest.mark.parametrize(
    ("column", "expected"),
    [("", 0.0), ("time", 0.0), ("ms", 0.0), ("time_ms", 1e-3), ("utc_ns", 1e-9), ("Time (s)", 1.0), ("t us", 1e-6)],
)
def test_a_columns_name_says_the_unit(column: str, expected: float) -> None:
    assert unit_of_name(column) == expected
