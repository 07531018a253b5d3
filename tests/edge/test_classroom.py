"""Tracks called by what was taught, and lessons over a bus."""

import errno
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.bus import LocalBus
from edge.classify.embedder import Embedder
from edge.classify.settings import ClassifySettings
from edge.classroom.lessons import MOST_WAITING, Classroom
from edge.classroom.pupil import Pupil
from edge.classroom.recent import RECENT, RecentLooks, School
from edge.classroom.taught_file import TaughtFile
from edge.contracts.bus import Message
from edge.contracts.stored import replace_file
from edge.contracts.topics import Topics
from edge.contracts.types import U8, Head, Tracks
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
WHY = "never seen well enough, or too long ago"
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
        (
            {"camera": "yard", "track": 9, "label": "rex"},
            f"teach: no looks at yard/9: {WHY}; the newest that can be taught: 1",
        ),
        (
            {"camera": "attic", "track": 1, "label": "rex"},
            f"teach: no looks at attic/1: {WHY}; none of this camera, but of: yard",
        ),
        ({"forget": "rex"}, "teach: nothing is called 'rex'; taught were: nothing yet"),
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
    assert made.waiting == 5  # nonsense is answered too
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


def taught_file(folder: Path, model: str = "m") -> Path:
    """With two names in it, where the daemon looks for it."""
    made = Teacher(TeachingSettings(), model)
    for kind, name in enumerate(("rex", "tom")):
        made.teach(name, f"lesson {kind}", VECTORS[kind == TRUE][:5])
    path = TaughtFile(folder, made).path
    path.write_bytes(made.state())
    return path


def on_disk(folder: Path) -> tuple[str, ...]:
    """The names that a new start would know."""
    after = school()
    TaughtFile(folder, after.teacher).read()
    return after.teacher.report.names


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "spoil", [lambda path: path.write_bytes(b"nonsense"), lambda path: path.write_bytes(path.read_bytes()[:-1]), pipe]
)
def test_a_file_of_no_use_is_put_aside(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = taught_file(tmp_path)
    spoil(path)
    with classroom(tmp_path, school()) as (bus, _):
        assert state(bus)["names"] == []
    assert [one.name for one in tmp_path.iterdir()] == [f"{path.name}.damaged"]


def test_each_embedding_model_has_its_own_and_finds_it_again(tmp_path: Path) -> None:
    for model, name in [("first", "rex"), ("second", "tom"), ("third", "bob")]:
        shared = school(model)
        Yard(shared, 0).passes(1)
        with classroom(tmp_path, shared) as (bus, made):
            assert state(bus)["names"] == []
            tell(made, {"camera": "yard", "track": 1, "label": name})
    for model, name in [("second", "tom"), ("first", "rex"), ("third", "bob")]:
        with classroom(tmp_path, school(model)) as (bus, _):
            assert state(bus)["names"] == [name]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_disk_that_fails_says_nothing_about_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many open files at the start: the file stays, is not written over, and is read as soon as it can be."""
    path = taught_file(tmp_path)
    before = path.read_bytes()
    healthy, opens = Path.open, threading.Event()

    def failing(path: Path, *args: Any, **more: Any) -> Any:
        if path.suffix == ".npz" and not opens.is_set():
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return healthy(path, *args, **more)

    shared = school()
    Yard(shared, 0).passes(1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", failing)
        patch.setattr("edge.classroom.lessons.RETRY_S", 0.05)
        with classroom(tmp_path, shared) as (bus, made):
            tell(made, {"camera": "yard", "track": 1, "label": "bob"})
            assert wait_until(lambda: "cannot be read" in state(bus)["said"], 30)
            assert "Too many open files" in state(bus)["said"]
            opens.set()
            assert path.read_bytes() == before
            assert wait_until(lambda: state(bus)["names"] == ["rex", "tom"], 30)
            tell(made, {"camera": "yard", "track": 1, "label": "bob"})
            assert wait_until(lambda: state(bus)["names"] == ["rex", "tom", "bob"], 30)
    assert list(tmp_path.iterdir()) == [path]


def test_a_lesson_is_answered_when_it_is_on_disk_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = school()
    Yard(shared, 0).passes(1)
    full = threading.Event()
    full.set()
    stored: list[tuple[str, ...]] = []  # whenever the answer comes

    def write(path: Path, content: bytes) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace_file(path, content)

    def noted(message: Message) -> None:
        if json.loads(message.payload)["said"] == "yard/1 is rex":
            stored.append(on_disk(tmp_path))

    monkeypatch.setattr("edge.classroom.taught_file.replace_file", write)
    monkeypatch.setattr("edge.classroom.lessons.RETRY_S", 0.05)
    with classroom(tmp_path, shared) as (bus, made):
        bus.subscribe(TOPICS.teach_state, noted)
        tell(made, {"camera": "yard", "track": 1, "label": "rex"})
        assert wait_until(lambda: "No space left on device" in state(bus)["said"], 30)
        assert state(bus)["said"].startswith("yard/1 is rex; it is not stored and lost with a restart")
        assert (stored, list(tmp_path.iterdir())) == ([], [])
        full.clear()
        assert wait_until(lambda: state(bus)["said"] == "yard/1 is rex", 30)
    assert stored
    assert set(stored) == {("rex",)}


def test_every_lesson_has_its_answer(tmp_path: Path) -> None:
    shared = school()
    Yard(shared, 0).passes(1)
    heard: list[str] = []
    with classroom(tmp_path, shared) as (bus, made):
        bus.subscribe(TOPICS.teach_state, lambda message: heard.append(json.loads(message.payload)["said"]))
        tell(made, {"camera": "yard", "track": 7, "label": "tom"})
        tell(made, {"camera": "yard", "track": 1, "label": "rex"})
        made.heard(Message(TOPICS.teach, b"rex", False))
        tell(made, {"forget": "rex"})
        assert wait_until(lambda: heard[-1:] == ["rex is forgotten"], 30)
    said = list(dict.fromkeys(one for one in heard if one))
    assert [one[:20] for one in said] == [
        "teach: no looks at y",
        "yard/1 is rex",
        "teach: is not JSON",
        "rex is forgotten",
    ]
