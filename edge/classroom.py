"""Tracked objects called by what people have taught, as a second stage, and the lessons over MQTT."""

import logging
import os
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.classify.embedder import Embedder
from edge.contracts.arrays import ArraysError
from edge.contracts.bus import Bus, Message
from edge.contracts.errors import MessageError
from edge.contracts.inbound import Forget, Lesson, decode_teach
from edge.contracts.messages import encode_taught
from edge.contracts.stored import DAMAGED, replace_file
from edge.contracts.topics import Topics
from edge.contracts.types import F32, U8, SubLabel, Tracks
from edge.pipeline import Classifier
from edge.teaching.teacher import LARGEST_BYTES, AnotherModelError, Teacher

FILE_NAME = "taught.npz"
OTHER_MODEL = ".other-model"
RECENT = 64  # tracks of a camera, those that are gone among them: people need a while to type
MOST_WAITING = 32  # lessons that came faster than they can be learnt
WRITE_PAUSE_S, WRITE_EVERY_S = 5.0, 600.0  # after a lesson, and for what else was seen
NICE = 10  # learning can wait, cameras cannot
TURN_S, LOG_PAUSE_S, JOIN_S = 1.0, 10.0, 10.0
_log = logging.getLogger(__name__)


class RecentLooks:
    """Looks at the tracks of all cameras that are there or were lately. May be used on any thread."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)  # track ids are unique within a start of the daemon
        self._lock = threading.Lock()
        self._looks: dict[str, OrderedDict[int, F32]] = {}

    def put(self, camera: str, looks: Mapping[int, F32]) -> None:
        """What is known of the tracks that are there now: looks (S, D) at each."""
        with self._lock:
            kept = self._looks.setdefault(camera, OrderedDict())
            for track, vectors in looks.items():
                kept[track] = vectors
                kept.move_to_end(track)
            while len(kept) > max(RECENT, len(looks)):
                kept.popitem(last=False)

    def of(self, camera: str, track: int) -> F32:
        """The looks (S, D) at a track. Raises MessageError: there are none, or they are too long ago."""
        with self._lock:
            kept = self._looks.get(camera)
            if kept is None or track not in kept:
                raise MessageError(f"teach: no looks at {camera}/{track}: never seen well enough, or too long ago")
            return kept[track]

    def lesson(self, camera: str, track: int) -> str:
        """What a lesson about a track is filed under."""
        return f"{self._run}/{camera}/{track}"


@dataclass(frozen=True, slots=True)
class School:
    """What the cameras share with whoever takes the lessons."""

    teacher: Teacher
    recent: RecentLooks


class Pupil:
    """A second stage that calls a track by what was taught where that is sure, else what the stage before calls it.

    Args:
        camera: whose tracks these are.
        before: goes first, and has the embedder look.
        embedder: makes vectors of each track.
        school: of all cameras.
    """

    def __init__(self, camera: str, before: Classifier, embedder: Embedder, school: School) -> None:
        self._camera, self._before, self._embedder, self._school = camera, before, embedder, school
        self._known: dict[int, tuple[F32, int, SubLabel | None]] = {}  # looks and version that it was found with

    @property
    def closest(self) -> Mapping[int, SubLabel]:
        """The best answer of the stage before, by track id, also where it was not good enough to be given."""
        return self._before.closest

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, SubLabel]:
        """The names known so far, by track id."""
        named = self._before.step(pixels, tracks, t_s)
        looks, school = self._embedder.looks, self._school
        for track in looks.keys() - self._known.keys():
            school.teacher.seen(school.recent.lesson(self._camera, track), looks[track][0])
        school.recent.put(self._camera, looks)
        self._known = {track: self._found(track, vectors) for track, vectors in looks.items()}
        return {**named, **{track: found for track, (_, _, found) in self._known.items() if found}}

    def _found(self, track: int, looks: F32) -> tuple[F32, int, SubLabel | None]:
        known, teacher = self._known.get(track), self._school.teacher
        if known is not None and known[0] is looks and known[1] == teacher.version:
            return known
        return looks, teacher.version, teacher.look(looks)


class Classroom:
    """Takes lessons, tells what was learnt, and keeps it on disk. Use as a context manager: it has a thread of its own.

    Args:
        bus: the state goes out by it, retained.
        topics: of this device.
        school: what is taught.
        state_dir: where the file lies.
    """

    def __init__(self, bus: Bus, topics: Topics, school: School, state_dir: Path) -> None:
        self._bus, self._topics, self._school, self._teacher = bus, topics, school, school.teacher
        self._path = state_dir / FILE_NAME
        self._waiting: deque[Lesson | Forget] = deque()
        self._come = threading.Event()
        self._stop = threading.Event()
        self._logged_s = -LOG_PAUSE_S
        self._said = ""
        self._restore()
        self._written, self._written_s = self._teacher.changes, time.monotonic()
        self._thread = threading.Thread(target=self._run, name="classroom", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._come.set()
        self._thread.join(JOIN_S)
        self._write()

    def heard(self, message: Message) -> None:
        """Take a lesson; not a retained one, which would be given again with each connection. Does not wait."""
        if message.retained:
            return
        try:
            wanted = decode_teach(message.payload)
        except MessageError as error:
            self._complain(str(error))
            return
        if len(self._waiting) >= MOST_WAITING:
            self._complain("teach: lessons come faster than they can be learnt; give it again")
            return
        self._waiting.append(wanted)
        self._come.set()

    @property
    def waiting(self) -> int:
        """Lessons that have come and are not learnt yet."""
        return len(self._waiting)

    def tell(self) -> None:
        """Publish what is known."""
        self._bus.publish(self._topics.teach_state, encode_taught(self._teacher.report, self._said), retain=True)

    def _run(self) -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while not self._stop.is_set():
            self._come.wait(TURN_S)
            self._come.clear()
            try:
                self._turn()
            except Exception:  # noqa: BLE001 - a lesson that fails must not be the last
                _log.exception("a lesson failed")

    def _turn(self) -> None:
        before = self._said, self._teacher.version
        while self._waiting:
            self._said = self._learn(self._waiting.popleft())
        if (self._said, self._teacher.version) != before:
            self.tell()
        if not self._waiting and self._teacher.study():
            self.tell()
        pause_s = WRITE_EVERY_S if self._teacher.changes.lessons == self._written.lessons else WRITE_PAUSE_S
        if time.monotonic() - self._written_s >= pause_s:
            self._write()

    def _learn(self, wanted: Lesson | Forget) -> str:
        """Do it; what became of it, in words."""
        try:
            if isinstance(wanted, Forget):
                self._teacher.forget(wanted.name)
                return f"{wanted.name} is forgotten"
            looks = self._school.recent.of(wanted.camera, wanted.track)
            self._teacher.teach(wanted.name, self._school.recent.lesson(wanted.camera, wanted.track), looks)
        except MessageError as error:
            self._complain(str(error))
            return str(error)
        return f"{wanted.camera}/{wanted.track} is {wanted.name}"

    def _write(self) -> None:
        changes = self._teacher.changes
        self._written_s = time.monotonic()
        if changes == self._written:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, self._teacher.state())
        except OSError as error:
            _log.warning("after a restart, what was taught will stand as it did: %s", error)
        else:
            self._written = changes

    def _restore(self) -> None:
        try:
            with self._path.open("rb") as file:
                self._teacher.restore(file.read(LARGEST_BYTES + 1))
        except FileNotFoundError:
            return
        except AnotherModelError as error:
            self._put_aside(error, OTHER_MODEL)
        except (OSError, ArraysError) as error:
            self._put_aside(error, DAMAGED)

    def _put_aside(self, error: Exception, ending: str) -> None:
        aside = self._path.with_name(self._path.name + ending)
        _log.warning("%s is not used (%s); it is %s now, and teaching begins anew", self._path, error, aside.name)
        try:
            self._path.replace(aside)
        except OSError as failed:
            _log.warning("%s stays where it is: %s", self._path, failed)

    def _complain(self, error: str) -> None:
        """Anybody may send nonsense, as fast as they like; the log is to stay readable."""
        now_s = time.monotonic()
        if now_s - self._logged_s >= LOG_PAUSE_S:
            self._logged_s = now_s
            _log.warning("ignored: %s", error)
