"""Footage in, a data set out that any reader of data sets opens."""

import os
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.types import U8, Detections
from tests.rigs.footage import FPS, STREET_LABELS, knowing, seen, street_clip, write_clip
from trainer.adapt.blanking import GREY, blanked
from trainer.adapt.footage import clips
from trainer.adapt.labelling import Footage, Plan, label_footage
from trainer.adapt.notes import Notes
from trainer.adapt.settings import CleaningSettings, FootageSettings
from trainer.adapt.watching import watch
from trainer.adapt.writing import read_unsure
from trainer.data.opening import open_data
from trainer.errors import TrainError
from trainer.evaluate.running import read_pixels

SETTINGS = FootageSettings(look_fps=FPS, keep_s=0.3, gap_s=1.0)
FRAMES = 80
DOUBTFUL = seen([[0.0, 0.0, 0.1, 0.1]], 0.25)


def plan(folder: Path, told: str = "a teacher") -> Plan:
    return Plan(STREET_LABELS, SETTINGS, CleaningSettings(), Notes(folder / "looks", told))


def nothing(_: U8) -> Detections:
    return Detections.empty()


def silent(_name: str, _t_s: float) -> None:
    pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Footage]:
    """Eight seconds of the street, labelled, beside a file that is none."""
    folder = tmp_path_factory.mktemp("footage")
    rendered = street_clip(folder / "street.avi", FRAMES)
    (folder / "zz-broken.mp4").write_bytes(b"no video")
    out = tmp_path_factory.mktemp("data")
    return out, label_footage(folder, out, knowing(rendered, DOUBTFUL), plan(out), silent)


def test_what_was_written_is_read_back(made: tuple[Path, Footage]) -> None:
    out, footage = made
    opened = open_data(out)
    assert set(opened.splits) == {"train", "test"}
    for part, dataset in footage.parts.items():
        assert opened.splits[part].labels == dataset.labels
        assert [one.path.name for one in opened.splits[part].pictures] == [one.path.name for one in dataset.pictures]
        for read, written in zip(opened.splits[part].pictures, dataset.pictures, strict=True):
            assert np.allclose(read.box, written.box, atol=1e-4)
            assert read.label.tolist() == written.label.tolist()


def test_the_last_part_is_held_out_behind_a_gap(made: tuple[Path, Footage]) -> None:
    numbers = {part: [int(one.path.stem[-7:]) for one in data.pictures] for part, data in made[1].parts.items()}
    assert min(numbers["test"]) >= 0.74 * FRAMES
    assert min(numbers["test"]) - max(numbers["train"]) >= FPS
    assert made[1].parts["train"].pictures[0].size == (320, 180)


def test_a_broken_clip_is_listed_and_the_others_go_on(made: tuple[Path, Footage]) -> None:
    assert [problem.path.name for problem in made[1].problems] == ["zz-broken.mp4"]
    assert made[1].tally.clips == 1
    assert "1 clips" in made[1].tally.words()


def test_every_picture_tells_what_is_unsure_in_it(made: tuple[Path, Footage]) -> None:
    out, footage = made
    known = read_unsure(out)
    assert set(known) == {picture.path for data in footage.parts.values() for picture in data.pictures}
    assert all(areas.shape[1:] == (4,) for areas in known.values())


def test_nothing_found_anywhere_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_clip(tmp_path / "in" / "a.avi", [np.full((48, 64, 3), 10 * n, np.uint8) for n in range(8)])
    with pytest.raises(TrainError, match="sure of nothing"):
        label_footage(tmp_path / "in", tmp_path / "out", nothing, plan(tmp_path), silent)


def test_footage_of_broken_files_only_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(TrainError, match="none of the 1 clips"):
        label_footage(tmp_path, tmp_path / "out", nothing, plan(tmp_path), silent)


def test_the_teacher_is_not_asked_about_a_scene_that_stands_still(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    still = rng.integers(40, 200, (120, 160, 3)).astype(np.uint8)
    write_clip(tmp_path / "still.avi", [still] * 30)
    asked = []

    def see(pixels: U8) -> Detections:
        asked.append(pixels.shape)
        return Detections.empty()

    with pytest.raises(TrainError, match="1 looks at 1 clips"):
        label_footage(tmp_path, tmp_path / "out", see, plan(tmp_path / "out"), silent)
    assert asked == [(120, 160, 3)]


def test_unsure_areas_are_blanked_but_for_what_is_labelled_in_them() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    unsure = np.array([[0.1, 0.1, 0.5, 0.5], [0.9, 0.9, 1.4, 1.4]], np.float32)
    box = np.array([[0.4, 0.4, 0.6, 0.6]], np.float32)
    made = blanked(picture, unsure, box)
    assert (made[10:40, 10:50] == GREY).all()
    assert (made[40:60, 40:60] == 200).all()
    assert (made[90:, 90:] == GREY).all()
    assert (picture == 200).all()
    assert np.array_equal(blanked(picture, unsure[:0], box[:0]), picture)


def test_pictures_of_training_only_are_blanked(made: tuple[Path, Footage]) -> None:
    """The teacher of this clip sees something doubtful in a corner, all the time."""
    for part, blank in (("train", True), ("test", False)):
        pixels = read_pixels(made[1].parts[part].pictures[0].path)
        assert pixels is not None
        assert bool(np.abs(pixels[:14, :28].astype(int) - GREY).max() < 20) == blank


def test_what_was_seen_is_not_looked_for_again_unless_something_changed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_clip(folder / "a.avi", [np.full((48, 64, 3), 10 * n, np.uint8) for n in range(3)])
    found = [seen([]), seen([[0.1, 0.1, 0.2, 0.2]], 0.7, 2), seen([[0.1, 0.1, 0.2, 0.2], [0.5, 0.5, 0.6, 0.6]], 0.4)]
    rest = iter(found)
    clip = clips(folder)[0]
    watched = watch(clip, lambda _: next(rest), FootageSettings(changed_share=0.0), lambda _: None)
    notes = Notes(tmp_path / "looks", "a teacher")
    assert notes.read(clip) is None
    notes.write(watched)
    again = notes.read(clip)
    assert again is not None
    assert [look.t_s for look in again.looks] == [look.t_s for look in watched.looks]
    for look, before in zip(again.looks, found, strict=True):
        assert np.array_equal(look.found.box, before.box)
        assert np.array_equal(look.found.label, before.label)
    assert (again.width, again.height, again.kept.tolist()) == (64, 48, watched.kept.tolist())
    assert Notes(tmp_path / "looks", "another teacher").read(clip) is None
    (note,) = (tmp_path / "looks").iterdir()
    whole = note.read_bytes()
    note.write_bytes(whole[: len(whole) // 2])
    assert notes.read(clip) is None
    note.write_bytes(whole)
    os.utime(clip.path, ns=(1, 1))
    assert notes.read(clip) is None
