"""Clips of any kind as frames in the order of time."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.rigs.footage import FPS, street_clip, write_clip
from trainer.adapt.changes import Changes
from trainer.adapt.footage import Clip, clips, shots
from trainer.adapt.settings import FootageSettings
from trainer.errors import TrainError

EVERY = FootageSettings(look_fps=120.0)
GREY = np.full((48, 64, 3), 90, np.uint8)


def test_an_empty_folder_and_none_are_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="holds no clip; put video files"):
        clips(tmp_path)
    with pytest.raises(TrainError, match="there is no folder"):
        clips(tmp_path / "nowhere")


def test_videos_and_folders_of_pictures_are_clips_by_name(tmp_path: Path) -> None:
    for name in ("b.mp4", "night/a.AVI", "walk/0001.jpg", "walk/0002.jpg", "notes.txt", ".hidden.mp4"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = clips(tmp_path)
    assert [clip.path.relative_to(tmp_path).as_posix() for clip in found] == ["b.mp4", "night/a.AVI", "walk"]
    assert [clip.is_video for clip in found] == [True, True, False]
    assert len({clip.name for clip in found}) == 3


def test_a_video_gives_its_frames_at_the_rate_asked_for(tmp_path: Path) -> None:
    clip = Clip(street_clip(tmp_path / "a.avi", 12).path, "a")
    assert [(shot.number, round(shot.t_s * FPS)) for shot in shots(clip, EVERY)] == [(n, n) for n in range(12)]
    slow = [shot.number for shot in shots(clip, FootageSettings(look_fps=5.0))]
    assert slow == [0, 2, 4, 6, 8, 10]
    assert [shot.number for shot in shots(clip, FootageSettings(look_fps=120.0, longest_s=0.3))] == [0, 1, 2, 3]


def test_pictures_of_a_folder_come_by_name_and_what_cannot_be_read_or_differs_in_size_is_left_out(
    tmp_path: Path,
) -> None:
    for name, picture in (("2.png", GREY), ("1.png", GREY), ("4.png", GREY[:20])):
        cv2.imwrite(str(tmp_path / name), picture)
    (tmp_path / "3.png").write_bytes(b"no picture")
    assert [shot.number for shot in shots(Clip(tmp_path, "a"), EVERY)] == [0, 1]


@pytest.mark.parametrize("content", [b"", b"RIFF\x00\x00\x00\x00AVI nonsense", bytes(5000)])
def test_a_broken_video_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.avi"
    path.write_bytes(content)
    with pytest.raises(TrainError, match=r"broken\.avi"):
        list(shots(Clip(path, "broken"), EVERY))


def test_a_truncated_video_gives_what_it_holds(tmp_path: Path) -> None:
    whole = street_clip(tmp_path / "a.avi", 12).path
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert 0 < len(list(shots(Clip(whole, "a"), EVERY))) < 12


def test_frames_of_a_few_pixels_are_no_footage(tmp_path: Path) -> None:
    write_clip(tmp_path / "tiny.avi", [np.zeros((8, 8, 3), np.uint8)] * 3)
    with pytest.raises(TrainError, match="smaller than 16 pixels"):
        list(shots(Clip(tmp_path / "tiny.avi", "tiny"), EVERY))


def test_only_what_moved_is_change_and_not_the_light() -> None:
    rng = np.random.default_rng(0)
    scene = rng.integers(40, 200, (180, 320, 3)).astype(np.uint8)
    changes = Changes()
    assert changes.share(scene) == 1.0
    changes.take(scene)
    assert changes.share(scene) == 0.0
    assert changes.share(cv2.add(scene, (20, 20, 20, 0))) < 0.002
    moved = scene.copy()
    moved[50:90, 100:120] = 255
    assert changes.share(moved) > 0.005
