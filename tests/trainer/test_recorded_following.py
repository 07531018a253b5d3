"""Recorded tracks are met as the daemon meets them, and what happened afterwards is told honestly."""

import numpy as np
import pytest

from edge.demo.street import Street
from tests.trainer.recorded_scenes import ASPECT, HEIGHT, WINDOW, curved, scene, straight, walked
from trainer.errors import TrainError
from trainer.recorded.dividing import before_and_after, divided
from trainer.recorded.following import Watching, moments
from trainer.recorded.futures import Futures
from trainer.recorded.moved import Motion, moved
from trainer.recorded.scene import Scene, Track, Unit
from trainer.recorded.street import street_scenes
from trainer.recorded.windows import cut


def whole(place: np.ndarray, size: np.ndarray) -> bool:
    return bool((place - size / 2 > 0.001).all() and (place + size / 2 < (ASPECT - 0.001, 0.999)).all())


PLAIN = [Watching(every_s=0.5)]
NOBODY = np.zeros(0, np.int64)


def test_nobody() -> None:
    assert list(moments(scene(), WINDOW, PLAIN[0])) == []
    with pytest.raises(TrainError, match="no track is long enough"):
        cut([scene(), scene(walked("short", straight(2)))], WINDOW, PLAIN)


@pytest.mark.parametrize("unit", Unit)
def test_velocity_and_past_of_who_walks_straight(unit: Unit) -> None:
    walker = walked("a", straight(), boxed=unit is Unit.HEIGHTS)
    last = list(moments(scene(walker, unit=unit), WINDOW, PLAIN[0]))[-1]
    np.testing.assert_allclose(last.past.velocity, [[0.1, 0.0]], atol=0.003)
    np.testing.assert_allclose(last.past.position[0, -1], straight()[round(last.t_s * 10)], atol=0.003)
    assert (last.whose.tolist(), last.past.label.tolist(), last.past.lost_s.tolist()) == ([0], [0], [0])
    reach = np.nanmax(last.past.age_s)
    assert reach >= (WINDOW.samples - 1) * WINDOW.step_s


def test_tracks_that_cross_keep_their_names() -> None:
    up, down = straight(), straight()
    down[:, 0] = 1.0 - down[:, 0]
    down[:, 1] += 0.02
    for moment in moments(scene(walked("a", up), walked("b", down)), WINDOW, PLAIN[0]):
        at = round(moment.t_s * 10)
        for row, whose in enumerate(moment.whose.tolist()):
            assert np.abs(moment.past.position[row, -1] - (up, down)[whose][at]).max() < 0.01


def test_a_worse_detector_misses_and_is_off_by_chance_of_its_seed() -> None:
    one = scene(walked("a", straight(80)))
    worse = Watching(0.5, jitter=0.05, missed=0.3, seed=1)
    first, again = (list(moments(one, WINDOW, worse)) for _ in range(2))
    assert [moment.t_s for moment in first] == [moment.t_s for moment in again]
    assert all(
        (a.past.position == b.past.position)[np.isfinite(a.past.position)].all()
        for a, b in zip(first, again, strict=True)
    )
    assert max(float(moment.past.lost_s[0]) for moment in first) > 0
    off = np.array([moment.past.velocity[0] - (0.1, 0.0) for moment in first[3:]])
    assert 0.001 < off.std() < 0.1


def test_futures_are_where_it_was_and_unknown_where_it_was_not() -> None:
    after = Futures(scene(walked("a", straight())))
    whose = np.zeros(1, np.int64)
    assert after.places(whose, 1.0, (0.5, 1.05)).tolist()[0] == [[0.45, 0.5], [pytest.approx(0.505), 0.5]]
    assert np.isnan(after.places(whose, 3.5, (0.5,))).all()  # it is gone
    edge = straight()
    edge[:, 0] += ASPECT - 0.45  # leaves the picture on the right
    places = Futures(scene(walked("a", edge))).places(whose, 0.0, (0.5, 3.0))
    assert np.isfinite(places[0, 0]).all()
    assert np.isnan(places[0, 1]).all()


@pytest.mark.parametrize(
    ("path", "turns"),
    [
        (straight(), False),
        (straight(speed=0.0), False),
        (curved(degrees_per_s=10), False),
        (curved(degrees_per_s=20), True),
        (curved(degrees_per_s=-20), True),
        (curved(degrees_per_s=40, speed=0.01), False),  # it hardly moves
        (curved(count=15), False),  # not seen for long enough
    ],
)
def test_who_turns(path: np.ndarray, turns: bool) -> None:
    assert Futures(scene(walked("a", path))).turning(np.zeros(1, np.int64), 0.5).tolist() == [turns]


def test_windows_of_a_straight_line_need_no_departure() -> None:
    windows = cut([scene(walked("a", straight(60)))], WINDOW, PLAIN)
    late = windows.samples[slice(4, None)]
    known = late.unit > 0
    assert np.abs(late.departure * late.unit[..., None])[known].max() < 0.02 / HEIGHT
    assert not windows.turning.any()
    assert set(windows.scene) == {"made"}
    np.testing.assert_allclose(late.unit[known.all(axis=1)][0], np.array(WINDOW.horizons_s) / WINDOW.step_s)


@pytest.mark.parametrize("seed", range(3))
def test_a_moving_camera_moves_everything_alike(seed: int) -> None:
    middle = scene(walked("a", straight() + np.array([0.6, 0.0])), walked("b", straight() + np.array([0.7, 0.05])))
    places: dict[float, dict[str, np.ndarray]] = {}
    for track in moved(middle, seed, Motion(zoom=(1.5, 1.5))).tracks:
        for t_s, place, size in zip(track.t_s, track.position, track.size, strict=True):
            if whole(place, size):
                places.setdefault(float(t_s), {})[track.id[0]] = place
    pairs = [pair for pair in places.values() if len(pair) == 2]
    assert len(pairs) > 5
    np.testing.assert_allclose([pair["b"] - pair["a"] for pair in pairs], np.tile([0.15, 0.075], (len(pairs), 1)))
    own = np.array([pair["a"] for pair in pairs])
    assert np.ptp(own[:, 1]) > 0.001  # it walked along a row, and left it


def parts_of(scenes: list[Scene]) -> list[set[str]]:
    parts = divided(scenes)
    return [
        {f"{one.name.split('/')[0]}:{track.id}" for one in part for track in one.tracks}
        for part in (parts.train, parts.val, parts.test)
    ]


@pytest.mark.parametrize("count", [1, 2, 4, 10])
def test_parts_share_no_track(count: int) -> None:
    scenes = [
        scene(*(walked(str(n), straight(), 2.0 * n) for n in range(20)), name=f"s{number}") for number in range(count)
    ]
    train, val, test = parts_of(scenes)
    assert min(len(train), len(val), len(test)) > 0
    assert not train & val | train & test | val & test
    assert len(train) + len(val) + len(test) == 20 * count
    early, late = before_and_after(scenes[0], 0.5)
    assert [track.id for track in (*early.tracks, *late.tracks)] == [str(n) for n in range(20)]


def test_too_little_for_three_parts() -> None:
    with pytest.raises(TrainError, match="no track is left for val and test"):
        divided([scene(walked("a", straight()))])


def test_outlines_of_the_street_are_those_of_its_pictures() -> None:
    street, told = Street(5), street_scenes(range(5, 6), varied=False, seconds=4)[0]
    tracks = {track.id: track for track in told.tracks}
    off, missing = [], 0
    for t_s in (0.0, 2.0, 3.5):
        truth = street.at(t_s)[1]
        for identity, box in zip(truth.id.tolist(), truth.box * (ASPECT_16_9, 1, ASPECT_16_9, 1), strict=True):
            track = tracks.get(str(identity))
            if track is None or not np.isclose(track.t_s, t_s).any():
                missing += 1
                continue
            at = np.isclose(track.t_s, t_s).argmax()
            middle = (box[:2] + box[2:]) / 2
            off.append(np.abs(track.position[at] - middle).max() / (box[3] - box[1]))
    assert len(off) > 40
    assert missing <= 2
    assert np.mean(off) < 0.02


ASPECT_16_9 = 16 / 9


@pytest.mark.parametrize("pause_s", [0.0, 3600.0, 86_400.0])
def test_a_pause_between_two_recordings_takes_no_share(pause_s: float) -> None:
    begins = [2.0 * n + pause_s * (n >= 10) for n in range(20)]
    parts = parts_of([scene(*(walked(str(n), straight(), at_s) for n, at_s in enumerate(begins)))])
    assert [len(part) for part in parts] == [15, 3, 2]


def test_who_comes_back_after_a_jump_of_time_has_no_velocity_at_first() -> None:
    walker = walked("a", straight(60), boxed=False)
    jump = Track(walker.id, walker.label, walker.t_s + 100.0 * (walker.t_s > 3.0), walker.position, walker.size)
    found = list(moments(scene(jump, unit=Unit.METRES), WINDOW, PLAIN[0]))
    assert {moment.t_s > 100 for moment in found} == {False, True}
    for moment in found:
        np.testing.assert_allclose(moment.past.velocity, [[0.1, 0.0]], atol=0.003)
