"""Pictures over MQTT: only where wanted, never too large."""

import threading

import cv2
import numpy as np
import pytest

from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.topics import Topics
from edge.contracts.types import EventKind
from edge.snapshots import Snapshots, SnapshotSettings, jpeg
from tests.rigs.scenes import HEIGHT, WIDTH, Reel, Scripted, camera, intake, scene

WAIT_S = 60.0


def pictures(settings: SnapshotSettings, frames: int, *, ask_at: int = -1) -> list[Message]:
    """What goes out while the block crosses the picture; each picture is waited for."""
    bus, heard, came = LocalBus(), [], threading.Event()

    def take(message: Message) -> None:
        heard.append(message)
        came.set()

    bus.subscribe("foresight/dev/cam/snapshot", take)
    one, sense = camera(lambda: Reel([]), Scripted()), intake()
    with Snapshots(bus, Topics("dev"), settings) as snapshots:
        for k in range(frames):
            if k == ask_at:
                snapshots.ask("cam")
                snapshots.ask("another")
            followed = one.chain.step(sense.step(scene(k)))
            came.clear()
            snapshots.seen(one, followed)
            new = settings.events and any(event.kind is EventKind.NEW for event in followed.events)
            if settings.enabled and (k == ask_at or new):
                assert came.wait(WAIT_S)
    return heard


def decoded(payload: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(payload, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_nothing_goes_out_unless_it_is_switched_on() -> None:
    assert pictures(SnapshotSettings(), 40, ask_at=20) == []


def test_a_new_object_has_its_picture_taken_once() -> None:
    heard = pictures(SnapshotSettings(enabled=True), 40)
    assert len(heard) == 1
    assert decoded(heard[0].payload).shape == (HEIGHT, WIDTH, 3)


def test_one_is_taken_on_demand_of_the_camera_that_was_asked() -> None:
    heard = pictures(SnapshotSettings(enabled=True, events=False), 40, ask_at=20)
    assert len(heard) == 1


@pytest.mark.parametrize("boxes", [False, True])
def test_boxes_are_drawn_where_wanted_and_never_into_the_frame_itself(boxes: bool) -> None:
    heard = pictures(SnapshotSettings(enabled=True, events=False, boxes=boxes, quality=100), 40, ask_at=30)
    picture = decoded(heard[0].payload).astype(np.int64)
    colourful = int((np.ptp(picture, axis=2) > 60).sum())  # the scene itself is grey
    assert (colourful > 100) is boxes


@pytest.mark.parametrize(("width", "expected"), [(64, 64), (160, 160), (4000, WIDTH)])
def test_no_wider_than_wanted(width: int, expected: int) -> None:
    heard = pictures(SnapshotSettings(enabled=True, events=False, width=width), 40, ask_at=10)
    assert decoded(heard[0].payload).shape[1] == expected


@pytest.mark.parametrize("shape", [(1, 1), (64, 64), (720, 1280), (4000, 20), (20, 4000)])
@pytest.mark.parametrize("most", [4_000, 50_000])
def test_noise_that_no_jpeg_shrinks_stays_within_its_bytes(shape: tuple[int, int], most: int) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*shape, 3), np.uint8)
    encoded = jpeg(noise, 95, most)
    assert len(encoded) <= most
    assert decoded(encoded).shape[2] == 3


def test_the_quality_is_as_asked_where_there_is_room() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    grey[::7] = 200
    assert len(jpeg(grey, 95, 10_000_000)) > len(jpeg(grey, 20, 10_000_000))
