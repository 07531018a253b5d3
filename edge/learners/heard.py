"""What the learner's process tells, as the daemon knows it last."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.learning_state import SubjectState, read_subject, unopened
from edge.contracts.stored import Json
from edge.learners.log import LOG, passed_on
from edge.learners.suspects import Suspects

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Doing:
    """What it does now."""

    there: bool  # it has said something since it was started
    on: bool = True
    learning: str = ""  # who is trained
    paused: str = ""  # why it waits

    @property
    def trains(self) -> bool:
        """Whether something is learnt just now: a round that waits takes nothing from the cameras."""
        return bool(self.learning) and not self.paused


class Heard:
    """Written on the thread of the process's keeper, and read on any.

    Args:
        subjects: names of those that learn.
    """

    def __init__(self, subjects: Collection[str]) -> None:
        self._subjects = frozenset(subjects)
        self._states: dict[str, SubjectState] = {}
        self._suspects = Suspects()
        self._trained = False
        self.doing = Doing(there=False)

    @property
    def rests_s(self) -> Mapping[str, float]:
        """For how long subjects are not to be trained, that the process died of."""
        return self._suspects.rests_s

    def state(self, name: str) -> SubjectState:
        """Of one subject."""
        return self._states.get(name) or unopened(name, "")

    def has_trained(self) -> bool:
        """Whether something was learnt since this was asked last."""
        trained, self._trained = self._trained or self.doing.trains, False
        return trained

    def take(self, message: Mapping[str, Json]) -> SubjectState | None:
        """The state of a subject, if it is one that is told."""
        if LOG in message:
            passed_on(message)
            return None
        if "name" not in message:
            learning, paused = str(message.get("learning", "")), str(message.get("paused", ""))
            self.doing = Doing(True, message.get("on") is True, learning, paused)
            self._trained |= self.doing.trains
            self._suspects.trains(learning)
            return None
        try:
            state = read_subject(message)
        except MalformedError as error:
            _log.error("the learner says what makes no sense: %s", error)
            return None
        if state.name not in self._subjects:
            return None
        self._states[state.name] = state
        return state

    def lost(self) -> None:
        """The process is gone."""
        self.doing = Doing(there=False)
        if name := self._suspects.died():
            rest_s = self._suspects.rests_s[name]
            _log.warning("%s was being trained: it rests for %.0f s, then it is tried again", name, rest_s)
