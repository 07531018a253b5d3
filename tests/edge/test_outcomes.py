"""The scores of a camera, as they go out and as they outlive a restart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.attention import LookSettings
from edge.bus import LocalBus
from edge.capture import Camera
from edge.contracts.bus import Message
from edge.contracts.topics import Topics
from edge.contracts.types import Event, EventKind, Expectation, Near, Outcome
from edge.expected import Expected
from edge.outcomes import FILE_NAME, OutcomeBoard
from tests.rigs.scenes import Reel, Scripted, camera, chain, intake, scene
from tests.rigs.wire_check import check_all

TOPICS = Topics("dev")


def heard_on(bus: LocalBus) -> list[Message]:
    heard: list[Message] = []
    bus.subscribe("#", heard.append)
    return heard


def watched(folder: Path, frames: int) -> tuple[LocalBus, Camera]:
    """What goes out while a block goes into the zone on the right, and the camera at the end."""
    bus = LocalBus()
    board, sense = OutcomeBoard(bus, TOPICS, folder), intake()
    one = replace(camera(lambda: Reel([]), Scripted()), chain=chain(Scripted(), LookSettings(every_frame=True)))
    board.restore(one)
    for k in range(frames):
        board.seen(one, one.chain.step(sense.step(scene(k))))
    if frames:
        board.gone(one, one.chain.close())
    board.remember()
    return bus, one


def test_nothing_seen_says_nothing_and_writes_nothing(tmp_path: Path) -> None:
    assert heard_on(watched(tmp_path, 0)[0]) == []
    assert not (tmp_path / FILE_NAME).exists()


def test_scores_go_out_retained_and_a_restart_goes_on(tmp_path: Path) -> None:
    bus, one = watched(tmp_path, 75)
    kept = heard_on(bus)
    assert [(message.topic, message.retained) for message in kept] == [("foresight/dev/score/right", True)]
    told = json.loads(kept[0].payload)
    check_all("score", [told])
    assert told["happened"] > 0.99
    _, after = watched(tmp_path, 0)
    assert after.chain.log.scores()[0].happened == pytest.approx(one.chain.log.scores()[0].happened, abs=1e-4)


def test_a_damaged_file_begins_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"version": 1, "value": {"cam": {"right": {"sums": "x"}}}}')
    _, one = watched(tmp_path, 0)
    assert one.chain.log.scores()[0].happened == 0


def test_a_near_miss_is_expected_until_it_is_resolved() -> None:
    bus = LocalBus()
    heard = heard_on(bus)
    expected, box = Expected(bus, TOPICS), (0.1, 0.1, 0.2, 0.2)
    expected.watched("cam")
    for kind, outcome in ((EventKind.NEAR_MISS, Outcome.OPEN), (EventKind.RESOLVED, Outcome.KEPT)):
        said = Expectation(1, 0.8, 2.0, outcome)
        expected.happened(Event(kind, "cam", 1, "person", "", 0.9, box, 0, "", "", (), said, Near(2, "car", 0.5)))
    topic = "foresight/dev/expected/cam/near_miss"
    assert [(message.topic, message.payload) for message in heard] == [(topic, b"OFF"), (topic, b"ON"), (topic, b"OFF")]
