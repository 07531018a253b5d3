"""Lessons over MQTT: taken, learnt, stored, and then answered."""

import logging
import math
import time
from collections import deque
from pathlib import Path
from typing import Self

from edge.classroom.recent import School
from edge.classroom.taught_file import TaughtFile
from edge.contracts.bus import Bus, Message
from edge.contracts.clerk import Clerk, Desk
from edge.contracts.errors import MessageError
from edge.contracts.inbound import Forget, Lesson, decode_teach
from edge.contracts.messages import encode_taught
from edge.contracts.topics import Topics

MOST_WAITING = 32  # lessons that came faster than they can be learnt
WRITE_PAUSE_S, WRITE_EVERY_S = 2.0, 600.0  # between two lessons that are stored, and for what else was seen
RETRY_S = 5.0  # while the disk refuses
NICE = 10  # learning can wait, cameras cannot
LOG_PAUSE_S, CLOSE_S = 10.0, 10.0
_log = logging.getLogger(__name__)


class Classroom(Clerk[Lesson | Forget | MessageError]):
    """Takes lessons and answers each, when it is on disk. Use as a context manager: it has a thread of its own.

    Args:
        bus: the answers go out by it, retained.
        topics: of this device.
        school: what is taught.
        state_dir: where the file lies.
    """

    def __init__(self, bus: Bus, topics: Topics, school: School, state_dir: Path) -> None:
        super().__init__(Desk("classroom", "a lesson failed", MOST_WAITING, close_s=CLOSE_S, nice=NICE, drains=True))
        self._bus, self._topics, self._school, self._teacher = bus, topics, school, school.teacher
        self._file = TaughtFile(state_dir, school.teacher)
        self._due_s = -math.inf  # the disk is left alone until then
        self._others_s = time.monotonic() + WRITE_EVERY_S
        self._trouble = ""  # why the disk refuses
        self._answers: deque[str] = deque(maxlen=MOST_WAITING)  # not given, for what they say is not on disk
        self._said = ""
        self._logged_s = -math.inf

    def __enter__(self) -> Self:
        self._read()
        return super().__enter__()

    def heard(self, message: Message) -> None:
        """Take a lesson; not a retained one, which would be given again with each connection. Does not wait."""
        if message.retained:
            return
        wanted: Lesson | Forget | MessageError
        try:
            wanted = decode_teach(message.payload)
        except MessageError as error:
            wanted = error
        if not self._put(wanted):
            self._complain("teach: lessons come faster than they can be learnt; give it again")

    def tell(self) -> None:
        """Publish what is known."""
        self._bus.publish(self._topics.teach_state, encode_taught(self._teacher.report, self._said), retain=True)

    def _work(self, thing: Lesson | Forget | MessageError) -> None:
        try:
            self._answers.append(self._learnt(thing))
        except MessageError as error:
            self._complain(str(error))
            self._answers.append(str(error))

    def _turn(self) -> None:
        if not self._file.is_read and time.monotonic() >= self._due_s and self._read():
            self.tell()
        self._store()
        self._answer()
        if not self.waiting and (self._trouble or not self._answers) and self._teacher.study():
            self.tell()

    def _end(self) -> None:
        self._due_s = self._others_s = -math.inf
        self._store()
        self._answer()

    def _learnt(self, wanted: Lesson | Forget | MessageError) -> str:
        """Do it; what became of it, in words. Raises MessageError: nothing did."""
        if isinstance(wanted, MessageError):
            raise wanted
        if not self._file.is_read:
            raise MessageError(f"teach: {self._trouble}; give the lesson again when it can be")
        if isinstance(wanted, Forget):
            self._teacher.forget(wanted.name)
            return f"{wanted.name} is forgotten"
        recent = self._school.recent
        looks = recent.of(wanted.camera, wanted.track)
        self._teacher.teach(wanted.name, recent.lesson(wanted.camera, wanted.track), looks)
        return f"{wanted.camera}/{wanted.track} is {wanted.name}"

    def _answer(self) -> None:
        """Answer every lesson that is stored; where the disk refuses, say that the latest is not."""
        if self._file.lessons_stored or not self._file.is_read:
            while self._answers:
                self._said = self._answers.popleft()
                self.tell()
        elif self._answers and self._trouble:
            said = f"{self._answers[-1]}; {self._trouble}"
            if said != self._said:
                self._said = said
                self.tell()

    def _store(self) -> None:
        """Where a lesson is new, or much else was seen."""
        now_s = time.monotonic()
        wanted = not self._file.lessons_stored or now_s >= self._others_s
        if not self._file.is_read or not wanted or now_s < self._due_s:
            return
        try:
            self._file.write()
        except OSError as error:
            self._refused(f"it is not stored and lost with a restart ({error}); tried again every {RETRY_S:g} s")
        else:
            self._trouble = ""
            self._due_s, self._others_s = time.monotonic() + WRITE_PAUSE_S, now_s + WRITE_EVERY_S

    def _read(self) -> bool:
        """Whether it is read now."""
        try:
            self._file.read()
        except OSError as error:
            self._refused(f"what was taught before cannot be read ({error}); tried again every {RETRY_S:g} s")
        else:
            self._trouble = ""
        return self._file.is_read

    def _refused(self, trouble: str) -> None:
        """The disk did."""
        self._due_s = time.monotonic() + RETRY_S
        if trouble != self._trouble:
            _log.warning("%s: %s", self._file.path, trouble)
        self._trouble = trouble

    def _complain(self, error: str) -> None:
        """Anybody may send nonsense, as fast as they like; the log is to stay readable."""
        now_s = time.monotonic()
        if now_s - self._logged_s >= LOG_PAUSE_S:
            self._logged_s = now_s
            _log.warning("ignored: %s", error)
