"""The update machine: from what is wanted to what serves, one step with each turn.

Everything that is done twice is harmless, and everything that must not be forgotten is on disk before it is done. So
whenever the power fails, the old or the new serves, whole; what was fetched is not fetched again; what was sick is not
taken again.

Each wish stands alone. One file is on trial at a time, and its trial ends before anything else begins, also when nobody
wants it any more.
"""

from collections.abc import Callable
from dataclasses import replace

from edge.contracts.update_state import Desired, Phase, Wish
from edge.updates import state as states
from edge.updates.acquisition import Acquisition
from edge.updates.context import UpdateContext
from edge.updates.desired_inbox import DesiredInbox
from edge.updates.housekeeping import Housekeeping
from edge.updates.pending import PendingActions
from edge.updates.schedule import Schedule
from edge.updates.staging import StagedArtifact
from edge.updates.trial_run import TrialRun
from edge.updates.trust.refusal import RefusedError
from edge.updates.wish_status import WishStatus, after_trial, failed_trial
from edge.updates.wishes import Wishes


class Machine:
    """One thread turns it; `wishes`, `watched` and `fraction` may be read by any.

    Args:
        context: what it works with.
        changed: called when there is something new to report.
    """

    def __init__(self, context: UpdateContext, changed: Callable[[], None]) -> None:
        self._context, self._changed = context, changed
        self.wishes = Wishes(context.state, context.state.desired)
        self._inbox = DesiredInbox(context.clock)
        self._schedule = Schedule(context.settings, context.clock)
        self._housekeeping = Housekeeping(context)
        self._acquisition = Acquisition(context, self._schedule, self._housekeeping, self._tell)
        self._pending = PendingActions(context)
        self._trial_runs = self._begun()

    @property
    def fraction(self) -> float:
        """How much of the file that is being fetched has come."""
        return self._acquisition.stager.fraction

    @property
    def watched(self) -> frozenset[str]:
        """Places in which what is on trial was seen to serve since the start."""
        return frozenset(run.place for run in self._trial_runs if run.is_watched)

    def want(self, desired: Desired) -> None:
        """What is wanted from now on, or soon. Raises OSError where that cannot be remembered; it is wanted anyway."""
        self._inbox.put(desired)
        self._hear()

    def turn(self) -> None:
        """The next step. Raises OSError where the disk fails: it is tried again with a later turn."""
        self._hear()
        if self._trial_runs:
            self._try()
            return
        if self._context.state.pending:
            if self._pending.turn():
                self._housekeeping.tidy()
            return
        self._context.recorder.note(self._context.probe.sample(), self._context.now_s())
        if self._acquisition.staged:
            self._begin(self._acquisition.staged[0])
        elif self._acquisition.has_jobs:
            self._acquisition.stage_next(self.wishes)
        elif self._schedule.is_due:
            self._acquisition.look(self.wishes)

    def _hear(self) -> None:
        desired = self._inbox.take(self.wishes.desired)
        if desired is None:
            return
        self._schedule.heard()
        if desired != self.wishes.desired:
            self._change(desired)

    def _change(self, desired: Desired) -> None:
        self.wishes = self.wishes.followed_by(self._context.state, desired)
        self._acquisition.clear()
        self._changed()
        self._context.write(states.wanting(self._context.state, desired))

    def _begun(self) -> tuple[TrialRun, ...]:
        """Trials of before the start."""
        return tuple(
            TrialRun(self._context, place, trial)
            for place, trial in self._context.state.trials.items()
            if trial.artifact.purpose.kind in self._context.installers
        )

    def _begin(self, staged: StagedArtifact) -> None:
        """Write down that it is on trial, once it is known how the daemon does without it."""
        context, now_s = self._context, self._context.now_s()
        if context.recorder.watched_s(now_s) < context.settings.gate.before_s:
            return
        artifact = replace(staged.artifact, utc_ns=context.clock.utc_ns())
        baseline = context.recorder.baseline(context.probe.sample(), now_s)
        context.write(states.on_trial(context.state, staged.place, artifact, baseline))
        self._acquisition.staged.popleft()
        run = TrialRun(context, staged.place, context.state.trials[staged.place])
        self._trial_runs = (*self._trial_runs, run)
        self._tell(staged.wish, WishStatus(Phase.TRYING))

    def _try(self) -> None:
        run = self._trial_runs[0]
        artifact, wish = run.artifact, Wish(run.artifact.name, run.artifact.purpose.version)
        try:
            if not run.turn():
                self._tell(wish, WishStatus(Phase.TRYING, detail=run.how))
                return
            status = after_trial(self._context.state, wish, artifact.sha256, run.how)
        except RefusedError as error:
            status = failed_trial(self._context.state, wish, artifact.sha256, error)
            self._acquisition.stager.refuse(artifact, error)
        self._trial_runs = self._trial_runs[1:]
        self._context.recorder.forget()
        if status.phase is not Phase.WAITING:
            self._housekeeping.drop(artifact.sha256)
        self._tell(wish, status)
        if status.phase is Phase.GOOD:
            self._acquisition.stager.forget()  # what did not fit may do so now
            self._schedule.soon()
        else:
            self._acquisition.rest(self.wishes)

    def _tell(self, wish: Wish, status: WishStatus) -> None:
        if self.wishes.tell(wish, status):
            self._changed()
