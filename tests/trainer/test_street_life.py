"""The street before another camera is the same street, and what a life tells of it is what happens."""

import numpy as np
import pytest

from edge.demo.view import View
from edge.learners.wire import unpack_look
from tests.rigs.street_cameras import Camera, watched
from tests.rigs.street_life import LOOKS_S, WINDOWS_S, life
from tests.trainer.recorded_scenes import WINDOW, scene, straight, walked
from trainer.recorded.following import Watching, followed
from trainer.recorded.scene import Scene, Track
from trainer.recorded.street import SIZE, filmed

SECONDS, FPS = 4.0, 5.0


def seen(camera: Camera) -> Scene:
    return watched(5, camera, SECONDS, FPS)


def same(track: Track, other: Track) -> bool:
    return len(track.t_s) == len(other.t_s) and bool(np.abs(track.position - other.position).max() < 1e-6)


def test_nobody() -> None:
    assert list(followed(scene(), WINDOW, Watching())) == []
    assert list(life(scene(), WINDOW, Watching())) == []


def test_the_usual_camera_is_the_demonstrations() -> None:
    usual = filmed(5, View(*SIZE), np.arange(20) / FPS)
    told = seen(Camera()).tracks
    assert len(told) == len(usual) > 10
    assert all(same(track, other) for track, other in zip(told, usual, strict=True))


@pytest.mark.parametrize("camera", [Camera(turned=360.0), Camera(turned=-720.0)])
def test_once_around_is_nowhere_else(camera: Camera) -> None:
    assert all(same(a, b) for a, b in zip(seen(Camera()).tracks, seen(camera).tracks, strict=True))


def test_a_mirrored_street_is_seen_in_a_mirror() -> None:
    told, mirrored = seen(Camera()), {track.id: track for track in seen(Camera(mirrored=True)).tracks}
    off = [
        np.abs(track.position * (-1, 1) + (told.aspect, 0) - mirrored[track.id].position).max() / track.size.max()
        for track in told.tracks
    ]
    assert len(off) > 10
    assert max(off) < 0.1


def test_from_the_other_side_the_near_are_far() -> None:
    there = {track.id: track for track in seen(Camera(turned=180.0)).tracks}
    pairs = [
        (track.size[:, 1].mean(), there[track.id].size[:, 1].mean())
        for track in seen(Camera()).tracks
        if track.id in there and track.label == "person"
    ]
    here, other = np.array(pairs).T
    assert len(pairs) > 5
    assert np.corrcoef(here, other)[0, 1] < -0.5


def test_who_walks_straight_departs_from_nothing() -> None:
    pictures = list(life(scene(walked("a", straight(80))), WINDOW, Watching(most_fps=10.0)))
    looks = [one.t_s for one in pictures if one.look]
    windows = [one for one in pictures if one.windows is not None]
    assert np.diff(looks).min() >= LOOKS_S
    assert np.diff([one.t_s for one in windows]).min() >= WINDOWS_S - 1e-6
    last = unpack_look(next(one.look for one in reversed(pictures) if one.look))
    np.testing.assert_allclose(last.tracks.velocity[0, [0, 2]] * last.aspect, 0.1, atol=0.003)
    known = [one.windows for one in windows if one.windows is not None and len(one.windows.samples)]
    assert len(known) > 5
    for truth in known:
        assert not truth.turning.any()
        assert np.abs(truth.samples.departure * truth.samples.unit[..., None]).max() < 0.02
