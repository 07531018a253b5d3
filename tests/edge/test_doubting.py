"""Doubtful looks from a chain to the disk, beside everything else."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.contracts.types import F32, Detections, Frame
from edge.doubting import FOLDER, WAITING, Doubting
from edge.masks import PrivacyMask
from edge.uncertain.judging import Judge
from edge.uncertain.reading import read_records
from edge.uncertain.record import Record
from edge.uncertain.settings import KeepSettings
from tests.rigs.host import wait_until
from tests.rigs.scenes import HEIGHT, WIDTH, Reel, Scripted, camera, intake, scene

EAGER = KeepSettings(enabled=True, pictures=True, gap_s=0)
WAIT_S = 60.0
MASKS = ("cd" * 32,)


class Wavering(Scripted):
    """Finds the block, and is not sure of it at every fourth look."""

    def detect(self, frame: Frame, look: F32) -> Detections:
        found = super().detect(frame, look)
        score = np.float32(0.55 if frame.seq % 4 == 3 else 0.9)
        return Detections(found.box, np.full_like(found.score, score), found.label)


def watched(
    folder: Path, settings: KeepSettings, detector: Scripted, frames: Sequence[Frame]
) -> tuple[Doubting, list[Record]]:
    """What is kept of the frames, each of which is waited for."""
    one, sense = camera(lambda: Reel([]), detector), intake()
    with Doubting(folder, settings, {"model": "ab" * 32}, 0.6, {"cam": MASKS}) as doubting:
        for frame in frames:
            doubting.seen(one, one.chain.step(sense.step(frame)))
            wait_until(lambda: not doubting.waiting, WAIT_S)
    return doubting, list(read_records(folder / FOLDER))


FRAMES = [scene(number) for number in range(30)]


def test_nothing_doubtful_nothing_kept(tmp_path: Path) -> None:
    doubting, records = watched(tmp_path, EAGER, Scripted(), FRAMES)
    assert records == []
    assert (doubting.counts.looks, doubting.counts.kept) == (len(FRAMES), 0)
    assert watched(tmp_path, EAGER, Scripted(), [])[1] == []


def test_a_doubtful_look_is_kept_with_its_own_picture(tmp_path: Path) -> None:
    doubting, records = watched(tmp_path, EAGER, Wavering(), FRAMES)
    assert records
    assert doubting.counts.kept == len(records)
    for record in records:
        frame = next(one for one in FRAMES if one.utc_ns == record.utc_ns)
        assert frame.seq % 4 == 3
        assert (record.camera, record.width, record.height) == ("cam", WIDTH, HEIGHT)
        assert (record.models, record.masks) == ({"model": "ab" * 32}, MASKS)
        picture = cv2.imread(str(tmp_path / FOLDER / f"{record.name}.jpg"))
        assert picture is not None
        assert np.abs(picture.astype(int) - frame.pixels).mean() < 2


def test_without_leave_no_picture_is_kept_nor_held(tmp_path: Path) -> None:
    settings = EAGER.model_copy(update={"pictures": False})
    doubting, records = watched(tmp_path, settings, Wavering(), FRAMES)
    assert records
    assert all(record.picture == "" and (record.width, record.height) == (WIDTH, HEIGHT) for record in records)
    assert [path.suffix for path in (tmp_path / FOLDER).iterdir()] == [".json"] * len(records)
    assert all(look.pixels.size == 0 for judge in doubting._judges.values() for look in judge._looks)


def test_what_nobody_may_see_is_not_in_the_kept_picture(tmp_path: Path) -> None:
    mask = PrivacyMask((((0.0, 0.0), (1.0, 0.0), (1.0, 0.25), (0.0, 0.25)),))
    masked = []
    for frame in FRAMES:
        pixels = frame.pixels.copy()
        mask(pixels)
        masked.append(Frame(frame.camera, frame.seq, frame.t_s, frame.utc_ns, pixels))
    _, records = watched(tmp_path, EAGER, Wavering(), masked)
    assert records
    for record in records:
        picture = cv2.imread(str(tmp_path / FOLDER / f"{record.name}.jpg"))
        assert picture is not None
        assert picture[: HEIGHT // 4 - 8].max() < 10


def test_pictures_are_no_wider_than_wanted(tmp_path: Path) -> None:
    _, records = watched(tmp_path, EAGER.model_copy(update={"width": 64}), Wavering(), FRAMES)
    assert {(record.width, record.height) for record in records} == {(64, 36)}


def test_frames_without_a_look_are_none(tmp_path: Path) -> None:
    one, sense = camera(lambda: Reel([]), Scripted()), intake()
    one.knobs.now = replace(one.knobs.now, detection=False)
    with Doubting(tmp_path, EAGER, {}, 0.6, {"cam": MASKS}) as doubting:
        for frame in FRAMES:
            doubting.seen(one, one.chain.step(sense.step(frame)))
    assert doubting.counts.looks == 0


def test_a_slow_disk_never_holds_the_chain_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(self: Judge, look: object, *, wanted: bool) -> None:
        assert go_on.wait(WAIT_S)

    monkeypatch.setattr(Judge, "step", slow)
    one, sense = camera(lambda: Reel([]), Scripted()), intake()
    with Doubting(tmp_path, EAGER, {}, 0.6, {"cam": MASKS}) as doubting:
        for frame in FRAMES:
            doubting.seen(one, one.chain.step(sense.step(frame)))  # returns, though nobody takes anything
        counts = doubting.counts
        assert counts.looks == len(FRAMES)
        assert counts.dropped >= len(FRAMES) - WAITING - 1
        go_on.set()


def test_a_look_that_cannot_be_judged_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, calls = Judge.step, []

    def failing(self: Judge, look: object, *, wanted: bool) -> object:
        calls.append(look)
        if len(calls) == 1:
            raise ZeroDivisionError
        return real(self, look, wanted=wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(Judge, "step", failing)
    assert watched(tmp_path, EAGER, Wavering(), FRAMES)[1]
    assert "a look could not be judged" in caplog.text


def test_a_folder_that_cannot_be_made_ends_the_keeping_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FOLDER).write_bytes(b"")
    one, sense = camera(lambda: Reel([]), Wavering()), intake()
    with Doubting(tmp_path, EAGER, {}, 0.6, {"cam": MASKS}) as doubting:
        for frame in FRAMES:
            doubting.seen(one, one.chain.step(sense.step(frame)))
        doubting._thread.join(WAIT_S)
    assert doubting.counts.looks == len(FRAMES)
    assert "doubtful looks are not kept" in caplog.text


def test_a_disk_that_refuses_is_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edge.uncertain.shelf.replace_file", full)
    doubting, records = watched(tmp_path, EAGER, Wavering(), FRAMES)
    assert records == []
    assert (doubting.counts.kept, doubting.counts.refused) == (0, 1)
    assert caplog.text.count("No space left on device") == 1
