"""Tracks called by their group, and groups named over a bus."""

from pathlib import Path

import numpy as np
import pytest

from edge.bus import LocalBus
from edge.classify.classifier import Classifier
from edge.classify.embedder import Embedder
from edge.classify.settings import ClassifySettings
from edge.contracts.bus import Message
from edge.contracts.errors import MessageError
from edge.contracts.topics import GROUPS, Topics
from edge.contracts.types import F32, U8, Head, SubLabel, Tracks
from edge.control.panel import ControlPanel
from edge.grouping import FILE_NAME, GroupBook, Grouping
from edge.groups.groups import Groups
from edge.groups.settings import GroupSettings
from edge.imaging import OpenCv
from edge.pipeline import NoClassifier
from tests.rigs.bundles import Prepared, bundle, feed, tensor
from tests.rigs.groups import blobs
from tests.rigs.tracks import tracks

FRAME: U8 = np.zeros((400, 400, 3), np.uint8)
FAST = ClassifySettings(runs_per_s=100, runs_per_frame=16, min_samples=1, samples=1)
SETTINGS = GroupSettings(warm_up=10)
TOPICS = Topics("dev")


def one(track: int) -> Tracks:
    return tracks([[0.1, 0.1, 0.4, 0.4]], ids=[track])


def embedder(vectors: F32) -> Embedder:
    answers = [(vector[None],) for vector in vectors]
    return Embedder(Prepared(bundle(Head.EMBEDDING, [tensor()], (), feed((8, 8))), answers), FAST, OpenCv(), ("thing",))


def classifier(*scores: float) -> Classifier:
    answers = [(np.array([scores], np.float32),)]
    made = Prepared(bundle(Head.CLASSIFIER, [tensor()], ("tit", "crow"), feed((8, 8))), answers)
    return Classifier(made, FAST, OpenCv(), ("thing",))


def learnt(vectors: F32) -> Groups:
    groups = Groups(SETTINGS, "m")
    for vector in vectors:
        groups.learn(vector)
    return groups


def test_no_tracks() -> None:
    made = Grouping(NoClassifier(), embedder(blobs(2, 5, seed=1)[0]), Groups(SETTINGS, "m"))
    assert made.step(FRAME, Tracks.empty(), 0.0) == {}


def test_each_track_is_learnt_once_and_called_by_its_group() -> None:
    vectors, true = blobs(2, 20, seed=1)
    groups = Groups(SETTINGS, "m")
    made = Grouping(NoClassifier(), embedder(vectors), groups)
    names = []
    for track in range(len(vectors)):
        for look in range(3):
            found = made.step(FRAME, one(track), track + look / 10)
        names.append(found[track].name if track in found else "")
    assert sum(group.members for group in groups.groups()) == len(vectors)
    assert len(set(zip(names[-10:], true[-10:].tolist(), strict=True))) == 2
    assert set(names[-10:]) == {"group 1", "group 2"}


def test_a_name_that_is_given_reaches_the_tracks_that_are_there() -> None:
    vectors, _ = blobs(2, 20, seed=1)
    groups = learnt(vectors)
    made = Grouping(NoClassifier(), embedder(vectors), groups)
    before = made.step(FRAME, one(1), 0.0)[1].name
    groups.rename(int(before.removeprefix("group ")), "fox")
    assert made.step(FRAME, one(1), 0.1)[1].name == "fox"


@pytest.mark.parametrize(("score", "name"), [(0.9, "tit"), (0.3, "group")])
def test_the_classifier_goes_first(score: float, name: str) -> None:
    vectors, _ = blobs(2, 20, seed=1)
    made = Grouping(classifier(score, 0.1), embedder(vectors), learnt(vectors))
    found: SubLabel = made.step(FRAME, one(1), 0.0)[1]
    assert found.name.startswith(name)


class Desk:
    """A book of groups under a panel, as the daemon has it."""

    def __init__(self, folder: Path, groups: Groups) -> None:
        self.bus = LocalBus()
        self.book = GroupBook(self.bus, TOPICS, groups, folder)
        self.panel = ControlPanel(self.bus, TOPICS, {}, {}, {}, {GROUPS: self.book.heard})
        self.book.tell()

    def states(self) -> dict[str, bytes]:
        kept: dict[str, bytes] = {}
        self.bus.subscribe("#", lambda message: kept.__setitem__(message.topic, message.payload))
        return {topic.removeprefix("foresight/dev/groups/"): payload for topic, payload in kept.items()}


def test_nothing_learnt_tells_and_writes_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Groups(SETTINGS, "m"))
    desk.book.remember(now=True)
    assert desk.states() == {}
    assert not (tmp_path / FILE_NAME).exists()


def test_groups_are_named_over_the_bus_and_stay_so(tmp_path: Path) -> None:
    vectors, _ = blobs(3, 20, seed=1)
    desk = Desk(tmp_path, learnt(vectors))
    assert desk.states() == {f"{n}/state": f"group {n}".encode() for n in (1, 2, 3)}
    for number, name in (("1", "fox"), ("3", "füchsin"), ("2", "fox")):
        desk.panel.heard(Message(f"foresight/dev/groups/{number}/set", name.encode(), False))
    assert desk.states() == {"1/state": b"fox", "3/state": "füchsin".encode()}
    desk.book.remember()
    after = Desk(tmp_path, Groups(SETTINGS, "m"))
    assert after.states() == desk.states()


@pytest.mark.parametrize(
    ("number", "payload"),
    [("9", b"fox"), ("x", b"fox"), ("1", b"\xff"), ("1", b"a" * 65), ("1" * 30, b"fox"), ("-1", b"fox"), ("²", b"f")],
)
def test_nonsense_changes_nothing(tmp_path: Path, number: str, payload: bytes) -> None:
    desk = Desk(tmp_path, learnt(blobs(2, 20, seed=1)[0]))
    before = desk.states()
    desk.panel.heard(Message(f"foresight/dev/groups/{number}/set", payload, False))
    desk.panel.heard(Message("foresight/dev/groups/1/set", b"old", True))
    assert desk.states() == before
    with pytest.raises(MessageError):
        desk.book.heard(number, payload)


def test_a_file_of_no_use_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"nonsense")
    assert Desk(tmp_path, Groups(SETTINGS, "m")).states() == {}
    assert [path.name for path in tmp_path.iterdir()] == [f"{FILE_NAME}.damaged"]
