"""One camera's chain: when it looks, and what follows from a look."""

import numpy as np
import pytest

from edge.attention import LookSettings
from edge.contracts.errors import ModelError
from edge.contracts.types import EventKind, Frame, Outcome
from edge.pipeline import Chain, Followed
from tests.rigs.scenes import FPS, Scripted, chain, grey, intake, scene


def play(made: Chain, frames: list[Frame]) -> list[Followed]:
    sense = intake()
    return [made.step(sense.step(frame)) for frame in frames]


def test_every_frame_is_looked_at_when_asked() -> None:
    detector = Scripted()
    played = play(chain(detector, LookSettings(every_frame=True)), [scene(k) for k in range(30)])
    assert detector.looks == list(range(30))
    assert all(one.looked and len(one.detections) == 1 for one in played)


def test_a_still_scene_is_looked_at_by_heartbeat_only() -> None:
    detector = Scripted()
    frames = [Frame("cam", k, k / FPS, 0, grey()) for k in range(150)]
    play(chain(detector, LookSettings()), frames)
    gaps = np.diff([seq / FPS for seq in detector.looks])
    assert len(gaps) == 2
    assert (gaps >= 5.0 - 1e-9).all()


def test_motion_is_looked_at_and_for_a_while_after_it_has_stopped() -> None:
    detector = Scripted()
    frames = [scene(k) for k in range(60)]
    frames += [Frame("cam", k, k / FPS, 0, frames[-1].pixels) for k in range(60, 330)]
    play(chain(detector, LookSettings(settle_s=1.0)), frames)
    moving = set(range(25, 60))
    assert len(moving & set(detector.looks)) >= 0.9 * len(moving)
    assert detector.looks.count(69) == 1  # ten pictures after the last motion
    quiet = [seq for seq in detector.looks if seq >= 230]  # by then the gate knows the block as part of the scene
    assert len(quiet) <= 3


def test_economical_looks_less_and_loses_nobody() -> None:
    thorough, economical = Scripted(), Scripted()
    frames = [scene(k) for k in range(75)]
    whole = play(chain(thorough, LookSettings()), frames)
    saved = play(chain(economical, LookSettings(economical=True)), frames)
    assert len(economical.looks) < 0.8 * len(thorough.looks)
    for one, other in zip(whole[40:], saved[40:], strict=True):
        assert other.tracks.id.tolist() == one.tracks.id.tolist()
        assert np.abs(other.tracks.box - one.tracks.box).max() < 0.05


def test_a_life_from_new_to_end_with_its_zone_and_what_was_expected() -> None:
    made = chain(Scripted(), LookSettings(every_frame=True))
    events = [event for one in play(made, [scene(k) for k in range(75)]) for event in one.events]
    events += made.close()
    kinds = [event.kind for event in events]
    assert (kinds[0], kinds[-1]) == (EventKind.NEW, EventKind.END)
    assert [event.zone for event in events if event.kind is EventKind.ENTERED] == ["right"]
    expected = next(event for event in events if event.kind is EventKind.EXPECTED)
    resolved = next(event for event in events if event.kind is EventKind.RESOLVED)
    entered = next(event for event in events if event.kind is EventKind.ENTERED)
    assert expected.utc_ns < entered.utc_ns
    assert resolved.expectation is not None
    assert resolved.expectation.outcome is Outcome.KEPT
    assert made.counts() == {"": {"block": 0}, "right": {"block": 0}}


def test_what_was_given_out_is_never_changed() -> None:
    made = chain(Scripted(), LookSettings(every_frame=True))
    sense = intake()
    first = [made.step(sense.step(scene(k))) for k in range(20)][-1]
    before = (first.tracks.box.copy(), first.forecasts.box.copy(), first.detections.box.copy())
    for k in range(20, 40):
        made.step(sense.step(scene(k)))
    for kept, now in zip(before, (first.tracks.box, first.forecasts.box, first.detections.box), strict=True):
        assert np.array_equal(kept, now)


def test_a_failing_model_is_told_and_the_next_frame_is_followed() -> None:
    made, sense = chain(Scripted(failing=[12]), LookSettings(every_frame=True)), intake()
    tracked = set()
    for k in range(30):
        if k == 12:
            with pytest.raises(ModelError):
                made.step(sense.step(scene(k)))
        else:
            tracked.update(made.step(sense.step(scene(k))).tracks.id.tolist())
    assert tracked == {1}
