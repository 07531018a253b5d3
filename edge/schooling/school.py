"""All subjects in the learner's process, one after another; it knows no socket."""

import json
import logging
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from edge.contracts.stored import Json
from edge.learning.conditions import Conditions, Pause, pause_of
from edge.schooling.order import Order
from edge.schooling.pupils import Desks, Seat
from edge.schooling.wire import COMMAND

_SUBJECT = struct.Struct("=cxH")
_log = logging.getLogger(__name__)


class School:
    """Takes messages, and learns in between.

    Args:
        order: what is learnt, and how.
        clock: monotonic.
    """

    def __init__(self, order: Order, clock: Callable[[], float] = time.monotonic) -> None:
        self._order, self.on = order, order.on
        folder = Path(order.folder)
        self._seats = [Seat(pupil, folder, order.settings, order.terms, order.run, clock) for pupil in order.pupils]
        self._named = {seat.name: seat for seat in self._seats}
        self._desks = Desks()
        self._learning = ""  # the name of who learns now
        self._next = 0  # whose turn it is
        self.pause = Pause.NONE
        self._commands: Mapping[str, Callable[[Mapping[str, Json]], None]] = {
            "switch": self._switch,
            "conditions": self._conditions,
            "reset": lambda told: self._seat(told).reset(),
            "promote": lambda told: self._by_hand(told, "promote"),
            "rollback": lambda told: self._by_hand(told, "roll_back"),
        }

    def open(self) -> None:
        """Open the subjects that are not, as far as they can be."""
        for seat in self._seats:
            seat.open(self._desks, on=self.on)

    def close(self) -> None:
        """Store what waits, and close all files."""
        for seat in self._seats:
            seat.close()

    def take(self, message: bytes) -> None:
        """Take in a look, a reading or a command."""
        if message[:1] == COMMAND:
            self._obey(json.loads(message))
        else:
            _, number = _SUBJECT.unpack_from(message)
            try:
                self._seats[number].take(message)
            except (ArithmeticError, LookupError, ValueError):  # one that is odd must not end the others
                _log.exception("%s: a fault of ours; please report it", self._seats[number].name)

    def settle(self) -> None:
        """Compare and store what has waited for long."""
        for seat in self._seats:
            seat.settle()

    def learn(self, breathe: Callable[[], bool]) -> bool:
        """One round of whoever is due next; whether there was one."""
        if not self.on or self.pause is not Pause.NONE:
            return False
        order = self._seats[self._next :] + self._seats[: self._next]
        seat = next((one for one in order if one.due()), None)
        if seat is None:
            return False
        self._next = (self._seats.index(seat) + 1) % len(self._seats)
        self._learning = seat.name
        try:
            seat.learn(breathe)
        finally:
            self._learning = ""
        return True

    def told(self) -> list[Mapping[str, Json]]:
        """How it stands: first what it does, then each subject."""
        doing: Mapping[str, Json] = {"on": self.on, "learning": self._learning, "paused": self.pause.value}
        return [doing, *(seat.told() for seat in self._seats)]

    def _obey(self, told: Mapping[str, Json]) -> None:
        """Commands come from the daemon, who has checked them; one about nobody is left out."""
        name = told.get("subject")
        if name is None or name in self._named:
            self._commands[str(told["do"])](told)

    def _seat(self, told: Mapping[str, Json]) -> Seat:
        return self._named[str(told["subject"])]

    def _by_hand(self, told: Mapping[str, Json], what: str) -> None:
        subject = self._seat(told).subject
        if subject is not None and not getattr(subject, what)():
            _log.warning("%s: there is nothing to %s", told["subject"], told["do"])

    def _switch(self, told: Mapping[str, Json]) -> None:
        self.on = told["on"] is True
        for seat in self._seats:
            if seat.subject is not None and seat.subject.standing.on is not self.on:
                seat.subject.switch(self.on)

    def _conditions(self, told: Mapping[str, Json]) -> None:
        values = {one.name: told[one.name] for one in fields(Conditions)}
        known = {name: float("nan") if value is None else value for name, value in values.items()}
        self.pause = pause_of(Conditions(**known), self._order.settings, self.pause)  # type: ignore[arg-type]
