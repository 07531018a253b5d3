"""The patches shown are those of the strongest responses, the channels those that matter, the dreams what they like."""

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

from tests.trainer.explained import (  # noqa: E402
    SIDE,
    colour_classifier,
    left_looker,
    level_and_reach,
    painted,
    view,
    write_pictures,
)
from trainer.errors import TrainError  # noqa: E402
from trainer.explain.dream import colours_of, dreams  # noqa: E402
from trainer.explain.patterns import patch, weightiest  # noqa: E402
from trainer.explain.pictures import read_views, spread  # noqa: E402
from trainer.explain.reach import Reach  # noqa: E402
from trainer.explain.strongest import Peaks, allowed, peaks, weights  # noqa: E402

RED, GREEN = (0, 0, 255), (0, 255, 0)


def test_the_patches_are_the_ones_that_a_slow_search_finds(tmp_path: Path) -> None:
    write_pictures(tmp_path, 11)
    views = read_views(tmp_path, SIDE, 50).views
    flat, level, reach = level_and_reach(left_looker(), "second_relu", 7)
    found = peaks(flat, [(level, reach)], views)[0]
    model = flat.to(level.before)
    for channel in range(level.channels):
        slow = []
        for index, one in enumerate(views):
            maps = np.asarray(model(one.tensor[None]))[0, :, :, channel]
            inside = allowed(level, reach, one)
            for row, column in np.argwhere(inside).tolist():
                slow.append((float(maps[row, column]), index, row, column))
        first = max(slow)
        best = int(found.best(channel, 3)[0])
        assert found.value[best, channel] == pytest.approx(first[0], rel=1e-5)
        assert (best, found.row[best, channel], found.column[best, channel]) == first[1:]
        assert np.all(np.diff(found.value[found.best(channel, 5), channel]) <= 0)


def test_a_patch_holds_what_excited_the_unit() -> None:
    one = view(painted((slice(40, 44), slice(12, 16), (255, 255, 255))))
    flat, level, reach = level_and_reach(left_looker(), "second_relu", 9)
    found = peaks(flat, [(level, reach)], [one])[0]
    cut = patch(one, reach, int(found.row[0, 0]), int(found.column[0, 0]))
    assert cut.shape == (9, 9, 3)
    assert (cut == 255).all(axis=-1).sum() == 16  # the whole spot
    assert abs(np.argwhere(cut[..., 0] == 255).mean() - 4) <= 2  # near its middle


def test_a_patch_at_the_edge_is_grey_beyond_it() -> None:
    cut = patch(view(np.full((SIDE, SIDE, 3), 255, np.uint8)), Reach(8, (4, 4), 16), 0, 0)
    assert cut.shape == (16, 16, 3)
    assert (cut[:4] == 114).all()
    assert (cut[4:, 4:] == 255).all()


def test_the_grey_around_a_picture_excites_nobody() -> None:
    wide = view(np.zeros((32, 64, 3), np.uint8))  # fills the upper half of the square
    _, level, reach = level_and_reach(left_looker(), "second_relu", 9)
    inside = allowed(level, reach, wide)
    assert inside.any()
    assert not inside[7:].any()  # rows that are centred below pixel 28, and see 9
    _, level, reach = level_and_reach(left_looker(), "second_relu", 64)
    assert allowed(level, reach, wide).sum() == 8 * 16  # none sees only the picture: those in it


def test_the_channel_that_the_verdict_rests_upon_weighs_most() -> None:
    flat, level, _ = level_and_reach(colour_classifier(), "seen")
    classes = next(step.after[0] for step in flat.steps if step.layer.name == "classes")
    red = view(painted((slice(0, 64), slice(0, 32), RED)))
    weight = weights(flat, [level], [red], classes, lambda logits: logits[:, 0])[0]
    assert weight[0] > 0
    assert weight[1] == 0


def test_a_channel_that_is_always_the_same_is_not_shown() -> None:
    value = np.array([[1, 5, 2], [1, 6, 3]], np.float32)
    place = np.zeros((2, 3), np.int64)
    assert weightiest(np.array([9, 1, 2], np.float32), Peaks(value, place, place)) == [2, 1]


def test_a_dream_has_the_colour_that_its_channel_likes() -> None:
    network = colour_classifier()
    _, level, reach = level_and_reach(network, "seen", 16)
    colours = colours_of(np.random.default_rng(1).uniform(-1, 1, (2, SIDE, SIDE, 3)).astype(np.float32))
    red, green = dreams(network, level, reach, (0, 1), colours)
    assert red.shape == (16, 16, 3)
    assert red[..., 2].mean() > red[..., 1].mean() + 50  # BGR
    assert green[..., 1].mean() > green[..., 2].mean() + 50


def test_reads_pictures_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="holds no pictures"):
        read_views(tmp_path, SIDE, 10)
    write_pictures(tmp_path / "deep" / "er", 9)
    (tmp_path / "damaged.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("no picture either")
    views = read_views(tmp_path, SIDE, 100)
    assert len(views.views) == 9
    assert [path.name for path in views.unreadable] == ["damaged.jpg"]
    assert views.tensors.shape == (9, SIDE, SIDE, 3)
    assert max(max(one.filled) for one in views.views) == 1
    few = read_views(tmp_path / "deep", SIDE, 3)
    assert [one.path.name for one in few.views] == ["000.png", "003.png", "006.png"]
    assert [one.path.name for one in spread(few.views, 2)] == ["000.png", "003.png"]
