"""Tracks called by what was taught, and lessons over a bus."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bus import LocalBus
from edge.classify.embedder import Embedder
from edge.classify.settings import ClassifySettings
from edge.classroom import FILE_NAME, MOST_WAITING, RECENT, Classroom, Pupil, RecentLooks, School
from edge.contracts.bus import Message
from edge.contracts.topics import Topics
from edge.contracts.types import F32, U8, Head, Tracks
from edge.grouping import Grouping
from edge.groups.groups import Groups
from edge.groups.settings import GroupSettings
from edge.imaging import OpenCv
from edge.pipeline import NoClassifier
from edge.teaching.settings import TeachingSettings
from edge.teaching.teacher import Teacher
from tests.rigs.bundles import Prepared, bundle, feed, tensor
from tests.rigs.groups import blobs
from tests.rigs.host import wait_until
from tests.rigs.tracks import tracks
from tests.rigs.wire_check import check_all

FRAME: U8 = np.zeros((400, 400, 3), np.uint8)
FAST = ClassifySettings(runs_per_s=100, runs_per_frame=16, min_samples=2, samples=3)
TOPICS = Topics("dev")
VECTORS, TRUE = blobs(3, 200, seed=1)


def school(model: str = "m") -> School:
    return School(Teacher(TeachingSettings(), model), RecentLooks())


class Yard:
    """A camera in front of which things of a kind pass one after another."""

    def __init__(self, shared: School, kind: int) -> None:
        answers = [(vector[None],) for vector in VECTORS[kind == TRUE]]
        runtime = Prepared(bundle(Head.EMBEDDING, [tensor()], (), feed((8, 8))), answers)
        embedder = Embedder(runtime, FAST, OpenCv(), ("thing",))
        before = Grouping(NoClassifier(), embedder, Groups(GroupSettings(), "m"))
        self.pupil = Pupil("yard", before, embedder, shared)
        self.t_s = 0.0

    def passes(self, track: int, looks: int = 3) -> str | None:
        """What it is called after so many looks."""
        found = None
        for _ in range(looks):
            self.t_s += 1
            named = self.pupil.step(FRAME, tracks([[0.1, 0.1, 0.4, 0.4]], ids=[track]), self.t_s)
            found = named[track].name if track in named else None
        return found


@contextmanager
def classroom(folder: Path, shared: School) -> Iterator[tuple[LocalBus, Classroom]]:
    bus = LocalBus()
    with Classroom(bus, TOPICS, shared, folder) as made:
        made.tell()
        yield bus, made


def state(bus: LocalBus) -> Any:
    kept: list[bytes] = []
    bus.subscribe(TOPICS.teach_state, lambda message: kept.append(message.payload))
    return json.loads(kept[-1])


def tell(made: Classroom, wanted: object, retained: bool = False) -> None:
    made.heard(Message(TOPICS.teach, json.dumps(wanted).encode(), retained))


def test_no_tracks_and_no_lessons(tmp_path: Path) -> None:
    shared = school()
    assert Yard(shared, 0).pupil.step(FRAME, Tracks.empty(), 0.0) == {}
    with classroom(tmp_path, shared) as (bus, _):
        check_all("teach_state", [state(bus)])
        assert (state(bus)["names"], state(bus)["said"]) == ([], "")
    assert list(tmp_path.iterdir()) == []


def test_a_track_is_taught_known_again_forgotten_and_outlives_a_restart(tmp_path: Path) -> None:
    shared = school()
    dogs, cats = Yard(shared, 0), Yard(shared, 1)
    assert (dogs.passes(1), cats.passes(2)) == (None, None)
    with classroom(tmp_path, shared) as (bus, made):
        tell(made, {"camera": "yard", "track": 1, "label": "rex"})
        assert wait_until(lambda: state(bus)["names"] == ["rex"], 30)
        assert state(bus)["said"] == "yard/1 is rex"
        assert (dogs.passes(1, 1), dogs.passes(3), cats.passes(2)) == ("rex", "rex", None)
        tell(made, {"camera": "yard", "track": 2, "label": "tom"})
        assert wait_until(lambda: state(bus)["names"] == ["rex", "tom"] and state(bus)["accuracy"] == 1, 30)
        check_all("teach_state", [state(bus)])
    after = school()
    with classroom(tmp_path, after) as (bus, made):
        assert state(bus)["names"] == ["rex", "tom"]
        assert (Yard(after, 0).passes(1), Yard(after, 1).passes(1), Yard(after, 2).passes(1)) == ("rex", "tom", None)
        tell(made, {"forget": "rex"})
        assert wait_until(lambda: state(bus)["names"] == ["tom"], 30)
        assert Yard(after, 0).passes(1) is None
    with classroom(tmp_path, school()) as (bus, made):
        assert state(bus)["names"] == ["tom"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"camera": "yard", "track": 9, "label": "rex"}, "teach: no looks at yard/9: "),
        ({"camera": "attic", "track": 1, "label": "rex"}, "teach: no looks at attic/1: "),
        ({"forget": "rex"}, "teach: nothing is called 'rex'"),
    ],
)
def test_lessons_that_cannot_be_learnt_are_answered(tmp_path: Path, wanted: object, said: str) -> None:
    shared = school()
    Yard(shared, 0).passes(1)
    with classroom(tmp_path, shared) as (bus, made):
        tell(made, wanted)
        assert wait_until(lambda: state(bus)["said"].startswith(said), 30)
        assert state(bus)["names"] == []


def test_nonsense_retained_lessons_and_floods_change_nothing(tmp_path: Path) -> None:
    shared = school()
    Yard(shared, 0).passes(1)
    bus = LocalBus()
    made = Classroom(bus, TOPICS, shared, tmp_path)  # without its thread: nothing is taken from the queue
    made.tell()
    good = {"camera": "yard", "track": 1, "label": "rex"}
    tell(made, good, retained=True)
    for payload in (
        b"",
        b"\xff" * 5000,
        b"[" * 4000,
        b'{"camera":1}',
        json.dumps({**good, "label": "a" * 65}).encode(),
    ):
        made.heard(Message(TOPICS.teach, payload, False))
    assert made.waiting == 0
    for _ in range(3 * MOST_WAITING):
        tell(made, good)
    assert made.waiting == MOST_WAITING
    assert state(bus)["names"] == []


def test_tracks_that_are_gone_can_be_taught_for_a_while() -> None:
    shared = school()
    yard = Yard(shared, 0)
    for track in range(RECENT + 5):
        yard.passes(track, 2)
    assert shared.recent.of("yard", RECENT).shape == (2, 32)
    assert shared.recent.of("yard", 5).shape == (2, 32)
    with pytest.raises(Exception, match="too long ago"):
        shared.recent.of("yard", 4)


def other_model(path: Path) -> None:
    made = Teacher(TeachingSettings(), "another")
    looks: F32 = VECTORS[:3]
    made.teach("rex", "lesson", looks)
    path.write_bytes(made.state())


@pytest.mark.parametrize(
    ("spoil", "ending"), [(lambda path: path.write_bytes(b"nonsense"), "damaged"), (other_model, "other-model")]
)
def test_a_file_of_no_use_is_put_aside(tmp_path: Path, spoil: Callable[[Path], None], ending: str) -> None:
    spoil(tmp_path / FILE_NAME)
    with classroom(tmp_path, school()) as (bus, _):
        assert state(bus)["names"] == []
    assert [path.name for path in tmp_path.iterdir()] == [f"{FILE_NAME}.{ending}"]
