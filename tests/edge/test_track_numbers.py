"""Identities that are never used again, over restarts of every kind."""

from pathlib import Path

import numpy as np
import pytest

from edge.contracts.types import Detections
from edge.tracking.numbers import AHEAD, FILE_NAME, Numbering, Numbers
from edge.tracking.settings import TrackingSettings
from edge.tracking.tracker import Tracker


def test_they_count_from_one() -> None:
    numbering = Numbering(Path("nowhere"))
    numbers = numbering.of("yard")
    assert [numbers.take(0), numbers.take(3), numbers.take(1)] == [1, 1, 4]
    assert numbering.of("yard") is numbers
    assert numbering.of("door").following == 1


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    for first in (1, 18, 35):
        numbering = Numbering(tmp_path)
        yard = numbering.of("yard")
        numbering.keep()
        assert yard.take(17) == first
        numbering.close()
    other = Numbering(tmp_path)
    other.of("door")
    other.close()  # a run without a camera does not forget it
    assert Numbering(tmp_path).of("yard").following == 52


def test_after_a_crash_some_are_left_out_and_none_is_used_again(tmp_path: Path) -> None:
    first = 1
    for _ in range(5):
        numbering = Numbering(tmp_path)
        yard = numbering.of("yard")
        numbering.keep()
        assert first <= yard.following <= first + AHEAD
        for _ in range(7):
            yard.take(AHEAD // 4)
            numbering.keep()
        first = yard.following


def test_it_does_not_write_for_each_track(tmp_path: Path) -> None:
    numbering = Numbering(tmp_path)
    yard = numbering.of("yard")
    numbering.keep()
    before = (tmp_path / FILE_NAME).stat().st_mtime_ns, (tmp_path / FILE_NAME).read_bytes()
    yard.take(AHEAD // 2)
    numbering.keep()
    assert ((tmp_path / FILE_NAME).stat().st_mtime_ns, (tmp_path / FILE_NAME).read_bytes()) == before


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": 1, "value": {"yard": 1e999, "door": true, "hall": -4}}'])
def test_what_is_no_number_is_not_believed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    numbering = Numbering(tmp_path)
    assert [numbering.of(camera).following for camera in ("yard", "door", "hall")] == [1, 1, 1]


def test_a_disk_that_takes_nothing_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_bytes(b"")
    numbering = Numbering(tmp_path / "state")
    numbering.of("yard").take(3)
    numbering.keep()
    assert "numbers that others have had" in caplog.text


def test_the_tracker_takes_them() -> None:
    numbers = Numbers(100)
    seen = Detections(np.array([[0.1, 0.1, 0.2, 0.3]], np.float32), np.array([0.9], np.float32), np.zeros(1, np.int64))
    tracker = Tracker(TrackingSettings(), 1.0, numbers=numbers)
    ids = {track for k in range(20) for track in tracker.step(seen, 0.1 * k).id.tolist()}
    assert (ids, numbers.following) == ({100}, 101)
