"""From wishes to files that are staged: what is released is found for all of them, and fetched one with each turn.

Models come first, then the configuration, the system last.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from edge.contracts.errors import ConfigError
from edge.contracts.release import Kind
from edge.contracts.update_state import Phase, Wish
from edge.updates import inconclusive
from edge.updates import state as states
from edge.updates.context import UpdateContext
from edge.updates.housekeeping import Housekeeping
from edge.updates.schedule import Schedule
from edge.updates.staging import StagedArtifact, Stager
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.releases import Offer
from edge.updates.wish_status import PASSING, WishStatus, refused, serves, unavailable
from edge.updates.wishes import Wishes

ORDER = (Kind.MODEL, Kind.CONFIGURATION, Kind.SYSTEM)


@dataclass(frozen=True, slots=True)
class Job:
    """A wish, and what signed metadata says of it."""

    wish: Wish
    offer: Offer


class Acquisition:
    """One thread uses it.

    Args:
        context: of the machine.
        schedule: told when to look again.
        housekeeping: told what is needed.
        tell: hears how far a wish has come.
    """

    def __init__(
        self,
        context: UpdateContext,
        schedule: Schedule,
        housekeeping: Housekeeping,
        tell: Callable[[Wish, WishStatus], None],
    ) -> None:
        self._context, self._schedule, self._housekeeping, self._tell = context, schedule, housekeeping, tell
        self.stager = Stager(context, tell)
        self.staged: deque[StagedArtifact] = deque()
        self._jobs: deque[Job] = deque()

    @property
    def has_jobs(self) -> bool:
        """Whether something is to be fetched or checked."""
        return len(self._jobs) > 0

    def clear(self) -> None:
        """Something else is wanted."""
        self._jobs.clear()
        self.staged.clear()
        self.stager.forget()

    def look(self, wishes: Wishes) -> None:
        """See what of the wishes that do not serve yet is released for this device. Raises OSError."""
        self._schedule.pause()
        for wish in wishes.desired.wishes:
            if serves(self._context.state, wish) and not wishes.is_good(wish):
                self._tell(wish, WishStatus(Phase.GOOD))
        sought = wishes.open(self._context.state)
        if sought and not self._refreshed(sought):
            self._schedule.retry()
            return
        self._find(sought)
        if not self._jobs:
            self.rest(wishes)

    def stage_next(self, wishes: Wishes) -> None:
        """Have the next file here and checked, or know why not. Raises OSError."""
        job = self._jobs.popleft()
        self._schedule.pause()
        try:
            inconclusive.check(self._context, job.wish.name, job.offer.target.sha256)
            staged = self.stager.stage(job.wish, job.offer, wishes.desired)
        except (RefusedError, OSError) as error:
            self._refuse(job, _as_refusal(error), wishes)
            return
        if self._is_good(staged):
            self._tell(job.wish, WishStatus(Phase.GOOD))
            return
        self.staged.append(staged)
        self._tell(job.wish, WishStatus(Phase.STAGED))

    def rest(self, wishes: Wishes) -> None:
        """Until wishes are looked at again."""
        (self._schedule.retry if wishes.any_waits() else self._schedule.rest)()

    def _refreshed(self, sought: list[Wish]) -> bool:
        """Whether the lists of releases are believed."""
        try:
            self._context.releases.refresh()
        except (RefusedError, ConfigError, OSError) as error:
            for wish in sought:
                self._tell(wish, refused(_as_refusal(error)))
            return False
        return True

    def _find(self, sought: list[Wish]) -> None:
        jobs = []
        for wish in sought:
            try:
                jobs.append(Job(wish, self.stager.find(wish)))
            except RefusedError as error:
                self._tell(wish, unavailable(self._context.state, wish, error))
        self._jobs.extend(sorted(jobs, key=lambda job: ORDER.index(job.offer.purpose.kind)))
        self._housekeeping.need(job.offer.target.sha256 for job in jobs)
        self._housekeeping.tidy()

    def _is_good(self, staged: StagedArtifact) -> bool:
        """Whether the same file is good there, under another name or version perhaps, which is written down then."""
        state, place = self._context.state, staged.place
        if place not in state.good or state.good[place].sha256 != staged.artifact.sha256:
            return False
        self._context.write(states.renamed(state, place, staged.artifact))
        return True

    def _refuse(self, job: Job, error: RefusedError, wishes: Wishes) -> None:
        self._tell(job.wish, unavailable(self._context.state, job.wish, error))
        if error.reason not in PASSING:
            self._housekeeping.drop(job.offer.target.sha256)
        if not self._jobs and not self.staged:
            self._housekeeping.tidy()
            self.rest(wishes)


def _as_refusal(error: Exception) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, ConfigError):
        return RefusedError(Reason.NO_ROOT, str(error))
    return RefusedError(Reason.NO_SPACE, f"the disk: {error}; make room, or correct the owner")
