"""The rendered street: the same every time, and its truth is true."""

import numpy as np
import pytest

from edge.contracts.types import U8
from edge.demo.source import StreetSource
from edge.demo.street import Street, Weather
from edge.demo.traffic import PARKED_ID
from edge.demo.truth import LABELS
from edge.demo.view import View
from tests.rigs.cameras import soon

SIZE = (640, 360)
CALM = Weather(noise=0.0, drift=0.0)


def pictures(seed: int, times: list[float]) -> list[U8]:
    street = Street(seed, SIZE)
    return [street.at(t_s)[0] for t_s in times]


def test_the_same_seed_gives_the_same_pixels() -> None:
    first, second = pictures(5, [0.0, 1.5]), pictures(5, [0.0, 1.5])
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], pictures(6, [0.0])[0])


def test_traffic_does_not_depend_on_the_rate() -> None:
    slow, fast = Street(5, SIZE), Street(5, SIZE)
    for k in range(20):
        fast.at(k / 10)
    a, b = slow.at(2.0)[1], fast.at(2.0)[1]
    assert np.array_equal(a.id, b.id)
    assert np.array_equal(a.box, b.box)


@pytest.mark.parametrize("t_s", [0.0, 7.0, 19.0])
def test_what_differs_from_the_empty_street_lies_in_boxes_or_shadows(t_s: float) -> None:
    street = Street(5, SIZE, CALM)
    picture, truth = street.at(t_s)
    difference = picture.astype(int) - street._empty.astype(int)
    brighter = difference.max(axis=2) > 6  # shadows only darken
    height, width = brighter.shape
    for left, top, right, bottom in truth.box:
        rows = slice(int(top * height) - 1 if top > 0 else 0, int(np.ceil(bottom * height)) + 1)
        columns = slice(max(int(left * width) - 1, 0), int(np.ceil(right * width)) + 1)
        brighter[rows, columns] = False
    assert len(truth) > 0
    assert not brighter.any()


def test_truth_is_within_bounds_and_every_kind_comes() -> None:
    street, kinds = Street(5, SIZE), set()
    for k in range(40):
        truth = street.at(k * 1.0)[1]
        assert len(set(truth.id.tolist())) == len(truth)
        assert bool(((truth.box >= 0) & (truth.box <= 1)).all())
        assert bool((truth.box[:, 2:] > truth.box[:, :2]).all())
        assert bool(((truth.visible >= 0) & (truth.visible <= 1)).all())
        kinds |= set(truth.label.tolist())
    assert kinds == set(range(len(LABELS)))


def test_objects_move_smoothly_and_are_sometimes_hidden() -> None:
    street = Street(5, SIZE)
    before = street.at(0.0)[1]
    hidden = 0
    for k in range(1, 60):
        truth = street.at(k / 10)[1]
        for row, identity in enumerate(truth.id.tolist()):
            for old in np.flatnonzero(before.id == identity):
                assert float(np.abs(truth.box[row] - before.box[old]).max()) < 0.15
        hidden += int(((truth.visible < 0.5) & (truth.visible > 0)).sum())
        before = truth
    assert hidden > 0


def test_as_a_source_it_ends_and_tells_its_truth() -> None:
    with StreetSource("street", Street(5, SIZE), 10.0, 0.3, paced=False) as source:
        deadline_s = soon()
        frames = [source.read(deadline_s) for _ in range(5)]
        assert [frame.seq if frame else None for frame in frames] == [0, 1, 2, None, None]
        assert frames[0] is not None
        assert not frames[0].pixels.flags.writeable
        assert frames[0].pixels.shape == (360, 640, 3)
        assert len(source.truth(0)) > 0


def test_the_parked_car_is_told_of_on_request_and_looks_the_same() -> None:
    plain, without = Street(5, SIZE, CALM).at(3.0)
    other, told = Street(5, SIZE, CALM, parked=True).at(3.0)
    assert PARKED_ID not in without.id
    assert sorted([*without.id.tolist(), PARKED_ID]) == sorted(told.id.tolist())
    assert LABELS[int(told.label[told.id == PARKED_ID][0])] == "car"
    assert np.abs(plain.astype(int) - other).mean() < 0.5


def test_a_camera_elsewhere_sees_the_same_people_elsewhere() -> None:
    near, far = (Street(5, SIZE, CALM, view=View(*SIZE, zoom=zoom)).at(3.0)[1] for zoom in (0.78, 0.39))
    ratios = []
    for identity in set(near.id.tolist()) & set(far.id.tolist()):
        large, small = (truth.box[truth.id == identity][0] for truth in (near, far))
        ratios.append(float((small[3] - small[1]) / (large[3] - large[1])))
    assert len(ratios) > 3
    assert np.median(ratios) == pytest.approx(0.5, abs=0.1)


def test_depth_is_of_the_ground_the_facades_and_what_stands_before_them() -> None:
    depth = Street(5, SIZE, CALM).depth()
    assert depth.shape == (SIZE[1], SIZE[0])
    assert depth[-1, 5] == pytest.approx(View(*SIZE).nearest_m(), abs=0.1)
    column = depth[:, 5]
    assert column[0] == column.max() > 100  # the sky
    assert float(depth.min()) > 8
    assert np.isin([14.0, 15.0, 27.0], depth).all()  # trees and pillar


def test_everybody_is_where_the_scene_says() -> None:
    scene = Street(5, SIZE, CALM).scene(3.0)
    view = View(*SIZE)
    whole = 0
    for row, passer in enumerate(scene.passers):
        pixels = np.argwhere(scene.owner == row + 1)
        if len(pixels) > 100:
            column, _ = view.project(np.array([passer.x, 0.0, passer.z]))
            inside = pixels[:, 1].min() > 0 and pixels[:, 1].max() < SIZE[0] - 1
            whole += inside
            assert not inside or pixels[:, 1].min() - 30 < column < pixels[:, 1].max() + 30
    assert whole > 2
