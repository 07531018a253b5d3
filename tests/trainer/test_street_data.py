"""The rendered street as a data set: exact, varied, the same for a seed, no street in two splits."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edge.demo.clip import CLIP_SEED
from edge.demo.rendered import STREET_SEED
from edge.demo.truth import LABELS
from trainer.data.opening import open_data
from trainer.data.problem import Severity
from trainer.data.scenery.look import Air, Hour, drawn_look
from trainer.data.scenery.scenes import FIRST_SEED, shots
from trainer.data.scenery.weather import weathered
from trainer.data.street import ANNOTATIONS, LEAST_SIDE_PX, LEAST_VISIBLE, TRACKS, write_street
from trainer.errors import TrainError

SIZE = (320, 180)
COUNT = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("street") / "data"
    write_street(out, COUNT, 5, SIZE)
    return out


def coco(folder: Path, split: str) -> Any:
    return json.loads((folder / split / ANNOTATIONS).read_text())


def test_all_pictures_are_there_and_of_their_size(folder: Path) -> None:
    counts = {}
    for split in ("train", "val", "test"):
        images = coco(folder, split)["images"]
        counts[split] = len(images)
        for image in images:
            pixels = cv2.imread(str(folder / split / image["file_name"]))
            assert pixels is not None
            assert pixels.shape == (SIZE[1], SIZE[0], 3)
    assert counts == {"train": 16, "val": 2, "test": 2}


def test_no_scene_is_in_two_splits(folder: Path) -> None:
    scenes = [{image["scene"] for image in coco(folder, split)["images"]} for split in ("train", "val", "test")]
    assert sum(map(len, scenes)) == len(set().union(*scenes)) == COUNT // 2


def test_annotations_are_in_the_picture_and_say_what_can_be_seen(folder: Path) -> None:
    found: set[str] = set()
    for split in ("train", "val", "test"):
        told = coco(folder, split)
        names = {one["id"]: one["name"] for one in told["categories"]}
        for one in told["annotations"]:
            left, top, width, height = one["bbox"]
            assert min(left, top) >= 0
            assert left + width <= SIZE[0]
            assert top + height <= SIZE[1]
            x, y, wide, high = one["whole_bbox"]  # around all of it, rounded to a hundredth of a pixel
            assert left >= x - 0.02
            assert top >= y - 0.02
            assert left + width <= x + wide + 0.02
            assert top + height <= y + high + 0.02
            assert LEAST_VISIBLE <= one["visibility"] <= 1
            assert min(width, height) >= LEAST_SIDE_PX
            found.add(names[one["category_id"]])
    assert found == set(LABELS)


def test_what_is_hidden_is_told_of_in_the_tracks_only(folder: Path) -> None:
    labelled = sum(len(coco(folder, split)["annotations"]) for split in ("train", "val", "test"))
    with (folder / TRACKS).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > labelled
    assert min(float(row["visible"]) for row in rows) < LEAST_VISIBLE


def test_it_is_opened_as_any_data_set_without_complaints(folder: Path) -> None:
    opened = open_data(folder)
    assert {name: len(split) for name, split in opened.splits.items()} == {"train": 16, "val": 2, "test": 2}
    assert opened.splits["train"].labels == LABELS
    assert [problem for problem in opened.problems if problem.severity is Severity.ERROR] == []


def test_tracks_keep_their_ids_and_move_on_the_ground(folder: Path) -> None:
    last: dict[tuple[str, str], tuple[float, float, float]] = {}
    moved = 0
    with (folder / TRACKS).open() as file:
        for row in csv.DictReader(file):
            key, t_s = (row["scene"], row["track"]), float(row["time_s"])
            x, z = float(row["x_m"]), float(row["z_m"])
            if key in last:
                before_s, before_x, before_z = last[key]
                way = np.hypot(x - before_x, z - before_z)
                assert way <= 9.0 * (t_s - before_s)  # m/s, faster than any car
                moved += way > 0.3
            last[key] = (t_s, x, z)
    assert moved > 5


def test_the_same_seed_gives_the_same_files_and_another_others(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_street(tmp_path / name, 2, seed, SIZE)
    files = {
        name: {str(p.relative_to(tmp_path / name)): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        for name in "abc"
    }
    assert files["a"] == files["b"]
    assert files["a"].keys() == files["c"].keys()
    assert files["a"]["train/0000_00.jpg"] != files["c"]["train/0000_00.jpg"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(TrainError, match="not empty"):
        write_street(tmp_path, 1, 1, SIZE)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_looks_are_of_all_kinds() -> None:
    looks = [drawn_look(np.random.default_rng(seed), SIZE) for seed in range(200)]
    assert {look.hour for look in looks} == set(Hour)
    assert {look.air for look in looks} == set(Air)
    assert {look.mirrored for look in looks} == {True, False}
    assert len({look.view.zoom for look in looks}) > 50
    assert all(look.view.nearest_m() < 16 for look in looks)  # the near side of the road is in every picture


def test_night_is_darker_than_day() -> None:
    bright: dict[Hour, list[float]] = {hour: [] for hour in Hour}
    for number in range(24):
        look, filmed = shots(9, number, 1, SIZE)
        bright[look.hour] += [float(shot.pixels.mean()) for shot in filmed]
    assert np.median(bright[Hour.NIGHT]) < 0.6 * np.median(bright[Hour.DAY])


@pytest.mark.parametrize("air", list(Air))
def test_weather_hides_what_is_far_more_than_what_is_near(air: Air) -> None:
    picture = np.zeros((64, 64, 3), np.float32)
    picture[:, ::2] = 200
    depth = np.full((64, 64), 12, np.float32)
    depth[:32] = 30
    bare = np.zeros((64, 64), np.float32)
    out = weathered(picture, depth, bare, air, 0.5, np.random.default_rng(1))
    far, near = (float(np.abs(np.diff(np.median(half, axis=0)[:, 1])).mean()) for half in (out[:32], out[32:]))
    assert far == near == 200 if air is Air.CLEAR else far < near


def test_mirrored_scenes_are_mirrored_in_all_that_is_told() -> None:
    """Cars on the far lane drive to the left, so to the right where the scene is mirrored."""
    told = 0
    for number in range(12):
        look, filmed = shots(5, number, 3, SIZE)
        first, *_, last = filmed
        later = {one.track: one for one in last.passersby}
        for one in first.passersby:
            if LABELS[one.label] == "car" and 22.5 < one.z_m < 24 and one.track in later:
                rightward = later[one.track].x_m > one.x_m
                assert rightward == look.mirrored == (np.cos(one.heading_rad) > 0)
                told += 1
    assert told > 0


def test_streets_of_data_sets_are_not_those_of_demonstrations() -> None:
    assert max(STREET_SEED, CLIP_SEED) < FIRST_SEED
