"""Runs a roll-out: hears, decides, writes down, and only then says. Killed anywhere, it goes on from there.

What is retained at the broker is made to be what the journal says it is to be. So nobody is asked twice: what is there
already is not said again; and nobody is skipped: what is missing is said.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from edge.contracts.backoff import Backoff
from edge.contracts.errors import BrokerError
from edge.contracts.update_state import Wish
from firmware_tools.rollout.answers import answer
from firmware_tools.rollout.course import NOT_ASKED, Course
from firmware_tools.rollout.deciding import decide, finished, standings, stop, taken_back, wanted
from firmware_tools.rollout.folder import Folder, Order
from firmware_tools.rollout.journal import Journal
from firmware_tools.rollout.link import AVAILABLE, DESIRED, REPORTED, Link, Message
from firmware_tools.rollout.records import Asked, Ended, Event, Heard, Here, Paused, Taken, Time
from firmware_tools.rollout.retained import Retained, of_others

TURN_S, RECONNECT_S = 0.25, 30.0
READY_S = 60.0  # for all that the broker kept
LONGEST_TURN_S = 5.0  # more time than this cannot have been watched in one turn
KEPT_EVERY_S = 10.0  # so much watched time is lost by a kill
BY_A_PERSON = "a person asked for it"


class Watcher(Protocol):
    """Whoever looks on."""

    def turn(self, course: Course) -> None:
        """So it stands."""

    def say(self, told: str) -> None:
        """Something happened that a person ought to know."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


class Run:
    """One process that runs a roll-out.

    Args:
        folder: of the roll-out; held by the caller.
        journal: of it, open.
        link: to the broker, not connected yet.
        watcher: is told of each turn.
    """

    def __init__(
        self, folder: Folder, journal: Journal, link: Link, watcher: Watcher, clock: Clock | None = None
    ) -> None:
        self.course = Course(folder.plan(), journal.events)
        self._folder, self._journal, self._link, self._watcher = folder, journal, link, watcher
        self._clock, self._backoff = clock or Clock(), Backoff(RECONNECT_S)
        self._wishes = tuple(Wish(one.name, one.version) for one in self.course.plan.wishes)
        self._ours = self.course.plan.desired.decode()
        self._retained = Retained()
        self._present: set[str] = set()  # of whom the broker told whether they are online
        self._early: dict[str, Message] = {}  # the last report of each who was not asked yet
        self._new: list[Event] = []  # not on disk yet; nothing was done because of them
        self._kept_s = self.course.now_s
        self._turned_s = 0.0  # when time was counted last, by the machine's clock

    def until_ended(self, wait: Callable[[float], bool]) -> bool:
        """Go on until nothing is left to be done; `wait` pauses, and says whether to leave off. Whether it has ended.

        Raises:
            BrokerError: it refuses us, or what we say.
            FirmwareError: the journal cannot be written.
        """
        while not self.course.ended and not wait(0.0):
            if self._link.connected:
                self._turn()
            elif not self._over() and (why := self._connect()):
                self._watcher.say(f"{why}; the roll-out waits for it")
                self._obey()
                self._write()
                wait(self._backoff.next_s())
            self._watcher.turn(self.course)
        return self.course.ended

    def once(self, gap_s: float) -> bool:
        """Count `gap_s` as watched, hear, decide, say. Whether it has ended. Raises as `until_ended`."""
        if self._over():
            self._watcher.turn(self.course)
            return True
        self._note([Time(at_s=self.course.now_s + gap_s, utc_s=self._clock.wall())])
        if why := self._connect():
            raise BrokerError(f"{why}; nothing was asked")
        self._act()
        deadline_s = self._clock.monotonic() + READY_S
        while (
            self._retained.missing(wanted(self.course))
            and self._link.connected
            and self._clock.monotonic() < deadline_s
        ):
            self._take(self._link.turn(TURN_S))
        self._act()
        self._watcher.turn(self.course)
        return self.course.ended

    def _over(self) -> bool:
        """Whether it has ended because it was stopped and has nothing to take back: no broker is needed for that."""
        if not self.course.asked:
            self._obey()
        if self.course.stopped and not taken_back(self.course):
            self._note([Ended(at_s=self.course.now_s)])
        self._write()
        return self.course.ended

    def _connect(self) -> str:
        """Connect, and hear all that the broker kept. "", or why that is not to be had now."""
        self._retained, self._present = Retained(), set()
        try:
            self._link.connect()
        except OSError as error:
            return f"the broker cannot be reached ({error})"
        deadline_s = self._clock.monotonic() + READY_S
        while self._link.connected and not self._link.ready and self._clock.monotonic() < deadline_s:
            self._take(self._link.turn(TURN_S))
        if not self._link.ready or not self._link.connected:
            self._link.close()
            return "the broker does not answer"
        self._absent()
        self._backoff.reset()
        self._turned_s = self._clock.monotonic()
        return ""

    def _absent(self) -> None:
        """Devices of which a broker that lost its memory says nothing are not online until they say so."""
        silent = [name for name, known in self.course.devices.items() if known.online and name not in self._present]
        self._note([Here(at_s=self.course.now_s, device=device, online=False) for device in silent])
        self._write()

    def _turn(self) -> None:
        """With a connection."""
        came = self._link.turn(TURN_S)
        self._pass()
        self._take(came)
        if self._link.connected:
            self._act()
        else:
            self._watcher.say("the broker has gone; the roll-out waits for it")

    def _pass(self) -> None:
        """Count the time since the last turn; now and then it comes on disk with what is written next."""
        now_s = self._clock.monotonic()
        watched_s = self.course.now_s + min(now_s - self._turned_s, LONGEST_TURN_S)
        passed = Time(at_s=watched_s, utc_s=self._clock.wall())
        self._turned_s = now_s
        if watched_s - self._kept_s >= KEPT_EVERY_S:
            self._note([passed])
        else:
            self.course.add(passed)

    def _act(self) -> None:
        """Decide, write down, and say."""
        course = self.course
        self._obey()
        for event in decide(course, self._retained.there):
            self._note([event])
            for device in event.before if isinstance(event, Asked) else ():
                if early := self._early.pop(device, None):
                    self._note(self._reported(early))
        wishes = wanted(course)
        if not self._retained.missing(wishes) and (course.stopped or finished(course, standings(course))):
            self._note([Ended(at_s=course.now_s)])
        self._write()
        for device in self._retained.due(wishes, self._clock.monotonic()):
            self._link.publish(device, wishes[device])

    def _obey(self) -> None:
        """Do what a person wants of it meanwhile."""
        order, course = self._folder.order(), self.course
        if course.stopped or course.ended:
            return
        if order is Order.ABORT:
            self._note([stop(course, standings(course), BY_A_PERSON)])
        elif (order is Order.PAUSE) != course.paused:
            self._note([Paused(at_s=course.now_s, paused=order is Order.PAUSE)])
            self._watcher.say("paused: no wave begins" if course.paused else "it goes on")

    def _take(self, messages: list[Message]) -> None:
        """Write down what of it changes something."""
        news = {AVAILABLE: self._available, REPORTED: self._reported, DESIRED: self._desired}
        for message in messages:
            if message.device in self.course.devices:
                self._note(news[message.what](message))
        self._write()

    def _available(self, message: Message) -> Iterable[Event]:
        online = message.payload == b"online"
        self._present.add(message.device)
        if online != self.course.devices[message.device].online:
            yield Here(at_s=self.course.now_s, device=message.device, online=online)

    def _reported(self, message: Message) -> Iterable[Event]:
        known = self.course.devices[message.device]
        told = answer(message.payload, message.device, self.course.plan.name, self._wishes)
        if known.wave == NOT_ASKED:
            self._early[message.device] = message  # not on disk: nobody can fill it who was not asked
        elif told and (not known.answered or (told.phase, told.reason) != (known.phase, known.reason)):
            yield Heard(at_s=self.course.now_s, device=message.device, **told._asdict())

    def _desired(self, message: Message) -> Iterable[Event]:
        device, payload = message.device, message.payload.decode(errors="replace")
        known, due = self.course.devices[device], wanted(self.course).get(device)
        if self._retained.came(device, payload) or due is None or payload == due:
            return
        if of_others(payload, self._ours, known.before, live=not message.retained):
            yield Taken(at_s=self.course.now_s, device=device)

    def _note(self, events: Iterable[Event]) -> None:
        """Let it count; it is not on disk yet."""
        for event in events:
            self.course.add(event)
            self._new.append(event)

    def _write(self) -> None:
        """Have on disk what was noted: after this it may be acted upon."""
        if self._new:
            self._journal.add(self._new)
            self._new.clear()
            self._kept_s = self.course.now_s
