"""One trial: taken up, watched, and then kept or returned."""

import logging
from enum import Enum, auto

from edge.updates import doubts
from edge.updates import state as states
from edge.updates.activation import barred
from edge.updates.gate import Gate, Health
from edge.updates.parts import Parts
from edge.updates.state import Content, Duty, Trial
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.wishes import LONGEST_DETAIL

BARS = frozenset({Reason.SICK, Reason.CRASHED})  # said by what was to take it up: it served, and not for long
MOST_WATCHES = 10  # that a trial may last, should there be no verdict
_log = logging.getLogger(__name__)


class Step(Enum):
    """How far the trial is."""

    TO_TAKE_UP = auto()
    TO_SERVE = auto()  # it was taken up
    WATCHED = auto()


class Trying:
    """Follows what is on trial in a place, whoever began it.

    Args:
        parts: of the machine.
        place: in which it is.
        trial: as it is written down.
    """

    def __init__(self, parts: Parts, place: str, trial: Trial) -> None:
        self._parts, self._place, self._trial = parts, place, trial
        self._installer = parts.installers[trial.content.purpose.kind]
        self._candidate = parts.candidate(trial.content)
        self._step = Step.TO_TAKE_UP
        self._until_s = parts.clock.now_s() + parts.settings.serve_s
        gate = parts.settings.gate
        self._gate = self._new_gate()
        self._end_s = self._until_s + gate.hold_s + MOST_WATCHES * (gate.warm_s + gate.watch_s + gate.broker_s)

    @property
    def content(self) -> Content:
        """What is on trial."""
        return self._trial.content

    def turn(self) -> bool:
        """Go on; whether the trial is over, with what came of it written down.

        Raises:
            RefusedError: it is over, for it could not be taken up.
            OSError: the disk; it goes on with the next turn.
        """
        if self._parts.clock.now_s() >= self._end_s:
            self._return(Reason.SICK, "nobody could say whether it is well; see the log, and release a mended one")
            return True
        if self._step is Step.WATCHED:
            return self._watched()
        if self._serves():
            self._step = Step.WATCHED
            self._gate = self._new_gate()
        elif self._parts.clock.now_s() >= self._until_s:
            self._too_late()
            return True
        elif self._step is Step.TO_TAKE_UP:
            self._take_up()
        return False

    def _new_gate(self) -> Gate:
        holds = self.content.purpose.kind in doubts.BLAMELESS
        return Gate(self._parts.settings.gate, self._trial.before, self._parts.clock.now_s(), holds=holds)

    def _serves(self) -> bool:
        try:
            return self._installer.serves(self._candidate)
        except RefusedError as error:
            self._return(error.reason, str(error))
            raise

    def _take_up(self) -> None:
        self._parts.book.confirm()  # it is written down, or it does not begin
        try:
            self._installer.take_up(self._candidate)
        except RefusedError as error:
            if error.reason in BARS:
                self._return(error.reason, str(error))
            else:
                self._parts.book.write(states.withdrawn(self._parts.book.state, self._place))
            raise
        self._step = Step.TO_SERVE

    def _too_late(self) -> None:
        within = f"within {self._parts.settings.serve_s:g} s"
        if self._step is Step.TO_SERVE:
            self._return(Reason.SICK, f"it did not serve {within}; release a mended one")
            return
        self._parts.book.write(states.withdrawn(self._parts.book.state, self._place))
        raise RefusedError(Reason.NO_SPACE, f"{self.content.name} could not be taken up {within}; see the log")

    def _watched(self) -> bool:
        if not self._serves():
            self._return(Reason.SICK, "it served, and then did so no more; release a mended one")
            return True
        verdict = self._gate.feel(self._parts.body.vitals(), self._parts.clock.now_s())
        if verdict.health is Health.WATCHED:
            return False
        if verdict.health is Health.LOST and not doubts.is_blamed(self._parts, self.content):
            self._doubt(verdict.why)
        if verdict.health in (Health.SICK, Health.LOST):
            self._return(Reason.SICK, f"{verdict.why}; what was before serves again: release a mended one")
        else:
            self._parts.book.write(states.accepted(self._parts.book.state, self._place))
            _log.info("%s %s is good in %s", self.content.name, self.content.purpose.version, self._place)
        return True

    def _doubt(self, why: str) -> None:
        """It is tried again once what went away is back. Raises RefusedError, always."""
        self._parts.book.write(states.doubted(self._parts.book.state, self._place))
        raise RefusedError(Reason.AWAY, f"{why}; what was before serves again, and it is tried again later")

    def _return(self, reason: Reason, why: str) -> None:
        content, book = self.content, self._parts.book
        _log.warning("%s %s in %s: %s", content.name, content.purpose.version, self._place, why)
        told = barred(content, reason, why[:LONGEST_DETAIL], self._parts.clock.utc_ns())
        book.write(states.returned(book.state, self._place, told))


def pay(parts: Parts) -> None:
    """Have done what installers owe since something was written down. Raises RefusedError, OSError: done again then."""
    for place, owed in parts.book.state.owed.items():
        installer = parts.installers.get(owed.content.purpose.kind)
        if installer is not None:
            act = {Duty.KEEP: installer.keep, Duty.GO_BACK: installer.go_back}[owed.duty]
            act(parts.candidate(owed.content))
        parts.book.write(states.paid(parts.book.state, place))
