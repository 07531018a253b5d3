"""All subjects in the learner's process, one after another; it knows no socket. What befalls one harms no other."""

import json
import logging
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from edge.contracts.stored import Json
from edge.learners.learner import Learner, Manner
from edge.learners.models import LoadedModels
from edge.learners.order import Order
from edge.learners.wire import COMMAND
from edge.learning.conditions import Conditions, Pause, pause_of
from edge.learning.subject import Subject

_SUBJECT = struct.Struct("=cxH")
BY_HAND: Mapping[str, Callable[[Subject], bool]] = {"promote": Subject.promote, "rollback": Subject.roll_back}
_log = logging.getLogger(__name__)


class Learners:
    """Takes messages, and learns in between.

    Args:
        order: what is learnt, and how.
        clock: monotonic.
    """

    def __init__(self, order: Order, clock: Callable[[], float] = time.monotonic) -> None:
        self._order, self.on = order, order.on
        how = Manner(Path(order.folder), order.settings, order.terms, order.run)
        self._learners = [Learner(task, how, order.rests_s.get(task.name, 0.0), clock) for task in order.tasks]
        self._named = {learner.name: learner for learner in self._learners}
        self._models = LoadedModels()
        self._learning = ""  # the name of who learns now
        self._next = 0  # whose turn it is
        self.pause = Pause.NONE
        self._commands: Mapping[str, Callable[[Mapping[str, Json]], None]] = {
            "switch": self._switch,
            "conditions": self._conditions,
            "reset": self._reset,
            **dict.fromkeys(BY_HAND, self._by_hand),
        }

    def open(self) -> None:
        """Open the subjects that are not, as far as they can be."""
        self._each(lambda learner: learner.open(self._models, on=self.on))

    def close(self) -> None:
        """Store what waits, and close all files."""
        self._each(Learner.close)

    def take(self, message: bytes) -> None:
        """Take in a look, a reading or a command."""
        if message[:1] == COMMAND:
            self._obey(json.loads(message))
            return
        _, number = _SUBJECT.unpack_from(message)
        learner = self._learners[number]
        with learner.guarded(self._models):
            learner.take(message)

    def settle(self) -> None:
        """Compare and store what has waited for long."""
        self._each(Learner.settle)

    def learn(self, breathe: Callable[[], bool]) -> bool:
        """Let whoever is due next learn once; whether there was one."""
        if not self.on or self.pause is not Pause.NONE:
            return False
        for number in (*range(self._next, len(self._learners)), *range(self._next)):
            learner = self._learners[number]
            with learner.guarded(self._models):
                if learner.due():
                    self._next, self._learning = (number + 1) % len(self._learners), learner.name
                    try:
                        learner.learn(breathe)
                    finally:
                        self._learning = ""
                    return True
        return False

    def told(self) -> list[Mapping[str, Json]]:
        """How it stands: first what it does, then each subject."""
        doing: Mapping[str, Json] = {"on": self.on, "learning": self._learning, "paused": self.pause.value}
        return [doing, *(self._told(learner) for learner in self._learners)]

    def _told(self, learner: Learner) -> Mapping[str, Json]:
        with learner.guarded(self._models):
            return learner.told()
        return learner.told()  # that it rests

    def _each(self, do: Callable[[Learner], None]) -> None:
        for learner in self._learners:
            with learner.guarded(self._models):
                do(learner)

    def _obey(self, told: Mapping[str, Json]) -> None:
        """Commands come from the daemon, who has checked them; one about nobody is left out."""
        name = told.get("subject")
        if name is None or name in self._named:
            self._commands[str(told["do"])](told)

    def _reset(self, told: Mapping[str, Json]) -> None:
        learner = self._named[str(told["subject"])]
        with learner.guarded(self._models):
            learner.reset()

    def _by_hand(self, told: Mapping[str, Json]) -> None:
        learner = self._named[str(told["subject"])]
        with learner.guarded(self._models):
            if learner.subject is None or not BY_HAND[str(told["do"])](learner.subject):
                why = "it is not open" if learner.subject is None else "there is nothing of that kind"
                _log.warning("%s: no %s: %s", learner.name, told["do"], why)

    def _switch(self, told: Mapping[str, Json]) -> None:
        self.on = told["on"] is True
        self._each(self._switch_one)

    def _switch_one(self, learner: Learner) -> None:
        if learner.subject is not None and learner.subject.standing.on is not self.on:
            learner.subject.switch(self.on)

    def _conditions(self, told: Mapping[str, Json]) -> None:
        values = {one.name: told[one.name] for one in fields(Conditions)}
        known = {name: float("nan") if value is None else value for name, value in values.items()}
        self.pause = pause_of(Conditions(**known), self._order.settings, self.pause)  # type: ignore[arg-type]
