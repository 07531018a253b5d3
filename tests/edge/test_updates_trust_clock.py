"""What time it is at least, whatever the clock says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.updates.trust.clock import NS, Clocks, LastSeen, utc
from edge.updates.trust.kernel_clock import is_synchronised

DAY = timedelta(days=1)
TODAY = datetime(2026, 11, 21, tzinfo=UTC)


class Machine:
    """A machine whose clock stands where it is put."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.passed, self.right = path, utc(0), timedelta(), False

    def boot(self) -> LastSeen:
        self.passed = timedelta(seconds=5)
        return LastSeen(
            self.path, Clocks(lambda: ns(self.clock), lambda: int(self.passed.total_seconds()) * NS, self.sure)
        )

    def sure(self) -> bool:
        return self.right


def ns(when: datetime) -> int:
    return int(when.timestamp()) * NS


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "new" / "time.json")


def test_nothing_is_known_at_first(machine: Machine) -> None:
    assert machine.boot().now() == utc(0)
    machine.clock = TODAY
    assert machine.boot().now() == TODAY


def test_what_was_signed_is_kept(machine: Machine) -> None:
    seen = machine.boot()
    seen.signed(ns(TODAY))
    seen.signed(ns(TODAY - DAY))
    assert seen.now() == TODAY
    seen.keep()
    assert machine.boot().now() == TODAY


def test_a_synchronised_clock_is_kept(machine: Machine) -> None:
    machine.clock, machine.right = TODAY, True
    machine.boot().keep()
    machine.clock, machine.right = TODAY - 300 * DAY, False
    assert machine.boot().now() == TODAY


def test_a_synchronised_clock_that_goes_back_is_not_followed(machine: Machine) -> None:
    machine.clock, machine.right = TODAY, True
    machine.boot().keep()
    machine.clock = TODAY - 300 * DAY
    machine.boot().keep()
    assert machine.boot().now() == TODAY


def test_a_clock_that_is_ahead_and_not_synchronised_is_forgotten(machine: Machine) -> None:
    machine.clock = TODAY + 9000 * DAY
    seen = machine.boot()
    seen.signed(ns(TODAY))
    assert seen.now() == machine.clock
    seen.keep()
    machine.clock = TODAY - DAY
    assert machine.boot().now() == TODAY


def test_time_passes_without_a_clock(machine: Machine) -> None:
    seen = machine.boot()
    seen.signed(ns(TODAY))
    seen.keep()
    machine.passed += 3 * DAY
    assert seen.now() == TODAY + 3 * DAY
    seen.keep()
    again = machine.boot()
    machine.passed += 2 * DAY
    again.keep()
    again.keep()
    assert again.now() == machine.boot().now() == TODAY + 5 * DAY


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"version": 1, "value": 7}',
        b'{"version": 1, "value": {"signed_ns": -5, "seen_ns": true}}',
        b'{"version": 1, "value": {"signed_ns": 1e300, "seen_ns": 99999999999999999999999999}}',
        b'{"version": 9, "value": {}}',
    ],
)
def test_a_damaged_file_begins_anew(machine: Machine, content: bytes) -> None:
    machine.path.parent.mkdir()
    machine.path.write_bytes(content)
    seen = machine.boot()
    assert seen.now() == utc(0)
    seen.signed(10**40)
    assert seen.now() < datetime(2101, 1, 1, tzinfo=UTC)


def test_a_disk_that_refuses_ends_nothing(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.path.parent.write_bytes(b"no folder")
    seen = machine.boot()
    seen.signed(ns(TODAY))
    seen.keep()
    assert seen.now() == TODAY
    assert "cannot be kept" in caplog.text


def test_the_kernel_is_asked() -> None:
    assert is_synchronised() in {True, False}
    assert "synchronised" in LastSeen(Path("/nonexistent"), Clocks()).told()
