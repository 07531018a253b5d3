"""One trial: activated, watched, and then accepted or returned."""

import logging
from enum import Enum, auto

from edge.updates import inconclusive
from edge.updates import state as states
from edge.updates.context import UpdateContext
from edge.updates.gate import Gate, Health
from edge.updates.state import Artifact, Trial, blocked_file
from edge.updates.trust.refusal import Reason, RefusedError

BLOCKING = frozenset({Reason.SICK, Reason.CRASHED})  # said by what was to take it up: it served, and not for long
MOST_WATCHES = 10  # that a trial may last, should there be no verdict
_log = logging.getLogger(__name__)


class Step(Enum):
    """How far the trial is."""

    TO_ACTIVATE = auto()
    ACTIVATED = auto()  # it is to serve soon
    WATCHED = auto()


class TrialRun:
    """Follows what is on trial in a place, whoever began it.

    Args:
        context: of the machine.
        place: in which it is.
        trial: as it is written down.
    """

    def __init__(self, context: UpdateContext, place: str, trial: Trial) -> None:
        self._context, self._place, self._trial = context, place, trial
        self._installer = context.installers[trial.artifact.purpose.kind]
        self._stored = context.stored(trial.artifact)
        self._step = Step.TO_ACTIVATE
        self._how = ""
        self._until_s = context.now_s() + context.settings.serve_s
        gate = context.settings.gate
        self._gate = self._new_gate()
        self._end_s = self._until_s + gate.hold_s + MOST_WATCHES * (gate.warm_s + gate.watch_s + gate.broker_s)

    @property
    def artifact(self) -> Artifact:
        """What is on trial."""
        return self._trial.artifact

    @property
    def place(self) -> str:
        """In which it is."""
        return self._place

    @property
    def is_watched(self) -> bool:
        """Whether it was seen to serve. Any thread."""
        return self._step is Step.WATCHED

    @property
    def how(self) -> str:
        """How it was activated, for people; "" where it was not, or nothing is to be said of it."""
        return self._how

    def turn(self) -> bool:
        """Go on; whether the trial is over, with what came of it written down.

        Raises:
            RefusedError: it is over, for it could not be taken up.
            OSError: the disk; it goes on with the next turn.
        """
        if self._context.now_s() >= self._end_s:
            self._return(Reason.SICK, "nobody could say whether it is well; see the log, and release a mended one")
            return True
        if self._step is Step.WATCHED:
            return self._watched()
        if self._serves():
            self._step = Step.WATCHED
            self._gate = self._new_gate()
        elif self._context.now_s() >= self._until_s:
            self._too_late()
            return True
        elif self._step is Step.TO_ACTIVATE:
            self._activate()
        return False

    def _new_gate(self) -> Gate:
        holds = self.artifact.purpose.kind in inconclusive.BLAMELESS
        return Gate(self._context.settings.gate, self._trial.baseline, self._context.now_s(), holds=holds)

    def _serves(self) -> bool:
        try:
            return self._installer.is_active(self._stored)
        except RefusedError as error:
            self._return(error.reason, str(error))
            raise

    def _activate(self) -> None:
        self._context.state_file.confirm()  # it is written down, or it does not begin
        try:
            self._how = self._installer.activate(self._stored)
        except RefusedError as error:
            if error.reason in BLOCKING:
                self._return(error.reason, str(error))
            else:
                self._context.write(states.withdrawn(self._context.state, self._place))
            raise
        self._step = Step.ACTIVATED

    def _too_late(self) -> None:
        within = f"within {self._context.settings.serve_s:g} s"
        if self._step is Step.ACTIVATED:
            self._return(Reason.SICK, f"it did not serve {within}; release a mended one")
            return
        self._context.write(states.withdrawn(self._context.state, self._place))
        raise RefusedError(Reason.NO_SPACE, f"{self.artifact.name} could not be taken up {within}; see the log")

    def _watched(self) -> bool:
        if not self._serves():
            self._return(Reason.SICK, "it served, and then did so no more; release a mended one")
            return True
        verdict = self._gate.judge(self._context.probe.sample(), self._context.now_s())
        if verdict.health is Health.UNDECIDED:
            return False
        if verdict.health is Health.INCONCLUSIVE and not inconclusive.is_blamed(self._context, self.artifact):
            self._postpone(verdict.why)
        if verdict.health in (Health.SICK, Health.INCONCLUSIVE):
            self._return(Reason.SICK, f"{verdict.why}; what was before serves again: release a mended one")
        else:
            self._context.write(states.accepted(self._context.state, self._place))
            _log.info("%s %s is good in %s", self.artifact.name, self.artifact.purpose.version, self._place)
        return True

    def _postpone(self, why: str) -> None:
        """It is tried again once what went away is back. Raises RefusedError, always."""
        self._context.write(states.inconclusive(self._context.state, self._place))
        raise RefusedError(Reason.AWAY, f"{why}; what was before serves again, and it is tried again later")

    def _return(self, reason: Reason, why: str) -> None:
        artifact, context = self.artifact, self._context
        _log.warning("%s %s in %s: %s", artifact.name, artifact.purpose.version, self._place, why)
        blocked = blocked_file(artifact, reason, why, context.clock.utc_ns())
        context.write(states.returned(context.state, self._place, blocked))
