"""The update machine: from what is wanted to what serves, one step with each turn.

Everything that is done twice is harmless, and everything that must not be forgotten is on disk before it is done. So
whenever the power fails, the old or the new serves, whole; what was fetched is not fetched again; what was sick is not
taken again.

Each wish stands alone. Models come first, then the configuration, the system last. One file is on trial at a time, and
its trial ends before anything else begins, also when nobody wants it any more.
"""

import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.contracts.backoff import Backoff
from edge.contracts.errors import ConfigError
from edge.contracts.release import Kind
from edge.contracts.update_state import Desired, Phase, Wish
from edge.updates import doubts
from edge.updates import state as states
from edge.updates.activation import FILES
from edge.updates.parts import Parts
from edge.updates.preparing import Prepared, Preparing
from edge.updates.state import Trial
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.releases import Offer
from edge.updates.trying import Trying, pay
from edge.updates.wishes import PASSING, Told, Wishes, refused, returned, serves

ORDER = (Kind.MODEL, Kind.CONFIGURATION, Kind.SYSTEM)
PACE_S = 3.0  # from one change of what is wanted to the next: what comes faster is passed over for the newest
REPEAT_S = 60.0  # the same heard again within that says nothing; after it, somebody wants it looked at anew
FIRST_S = 5.0  # the first pause, at most, before what did not come is tried again
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A wish, and what signed metadata says of it."""

    wish: Wish
    offer: Offer


class Machine:
    """One thread turns it; `wishes` and `fraction` may be read by any.

    Args:
        parts: what it works with.
        changed: called when there is something new to report.
    """

    def __init__(self, parts: Parts, changed: Callable[[], None]) -> None:
        self._parts, self._changed = parts, changed
        self.wishes = Wishes(parts.book.state, parts.book.state.desired)
        self._preparing = Preparing(parts, self._tell)
        self._jobs: deque[Job] = deque()
        self._staged: deque[Prepared] = deque()
        self._trying: deque[Trying] = deque(self._begun())
        self._backoff, self._pay_backoff = (Backoff(parts.settings.retry_s, FIRST_S) for _ in range(2))
        self._heard, self._look_s, self._pay_s = False, 0.0, 0.0
        self._next: tuple[Desired, ...] = ()  # what was heard, and is not wanted yet
        self._change_s = self._repeat_s = -math.inf  # not before then
        self._asked = False  # since the start, so that it is known what is wanted
        self._wanted: set[str] = set()  # files that were found, and are still to serve

    @property
    def fraction(self) -> float:
        """How much of the file that is being fetched has come."""
        return self._preparing.fraction

    def want(self, desired: Desired) -> None:
        """What is wanted from now on, or soon. Raises OSError where that cannot be remembered; it is wanted anyway."""
        self._next = (desired,)
        self._hear()

    def _hear(self) -> None:
        """At a pace of its own: whoever sends drives neither the network nor the disk."""
        now_s = self._parts.clock.now_s()
        for desired in self._next:
            same = desired == self.wishes.desired
            if now_s < (self._repeat_s if same else self._change_s):
                self._next = self._next if not same else ()
                return
            self._next, self._heard = (), True
            self._change_s, self._repeat_s = now_s + PACE_S, now_s + REPEAT_S
            self._soon()
            if not same:
                self._change(desired)

    def _change(self, desired: Desired) -> None:
        self.wishes = Wishes(self._parts.book.state, desired)
        self._jobs.clear()
        self._staged.clear()
        self._preparing.forget()
        self._changed()
        self._parts.book.write(states.wanting(self._parts.book.state, desired))

    def turn(self) -> None:
        """The next step. Raises OSError where the disk fails: it is tried again with a later turn."""
        self._hear()
        if self._trying:
            self._try()
            return
        if self._parts.book.state.owed:
            self._pay()
            return
        self._parts.before.note(self._parts.body.vitals(), self._parts.clock.now_s())
        if self._staged:
            self._begin()
        elif self._jobs:
            self._prepare(self._jobs.popleft())
        elif self._heard and self._parts.clock.now_s() >= self._look_s:
            self._look()

    def tidy(self) -> None:
        """Delete what serves nowhere, and is not about to. Raises OSError."""
        if not self._asked:
            return
        state = self._parts.book.state
        kept = {content.sha256 for content in state.good.values() if content.purpose.kind in FILES}
        kept |= {trial.content.sha256 for trial in state.trials.values()}
        kept |= {owed.content.sha256 for owed in state.owed.values()}
        self._parts.store.sweep(kept | self._wanted)
        self._parts.releases.tidy(self._wanted)

    def _begun(self) -> list[Trying]:
        """Trials of before the start."""
        state, installers = self._parts.book.state, self._parts.installers
        return [
            Trying(self._parts, place, trial)
            for place, trial in state.trials.items()
            if trial.content.purpose.kind in installers
        ]

    def _look(self) -> None:
        """What of the wishes that do not serve yet is released for this device."""
        self._pause()
        for wish in self.wishes.desired.wishes:
            if serves(self._parts.book.state, wish):
                self._tell(wish, Told(Phase.GOOD))
        wishes = self.wishes.open(self._parts.book.state)
        if wishes and not self._refreshed(wishes):
            self._look_s = self._parts.clock.now_s() + self._backoff.next_s()
            return
        self._find(wishes)
        if not self._jobs:
            self._rest()

    def _refreshed(self, wishes: list[Wish]) -> bool:
        """Whether the lists of releases are believed."""
        try:
            self._parts.releases.refresh()
        except (RefusedError, ConfigError, OSError) as error:
            for wish in wishes:
                self._tell(wish, refused(_as_refusal(error)))
            return False
        return True

    def _find(self, wishes: list[Wish]) -> None:
        jobs = []
        for wish in wishes:
            try:
                jobs.append(Job(wish, self._preparing.find(wish)))
            except RefusedError as error:
                self._tell(wish, self._told(wish, error))
        self._jobs.extend(sorted(jobs, key=lambda job: ORDER.index(job.offer.purpose.kind)))
        self._asked, self._wanted = True, {job.offer.wanted.sha256 for job in jobs}
        self.tidy()

    def _prepare(self, job: Job) -> None:
        """Have it here and checked, or know why not."""
        self._pause()
        state = self._parts.book.state
        try:
            doubts.check(self._parts, job.wish.name, job.offer.wanted.sha256)
            staged = self._preparing.prepare(job.wish, job.offer, self.wishes.desired)
        except (RefusedError, OSError) as error:
            self._refuse(job, _as_refusal(error))
            return
        if staged.place in state.good and state.good[staged.place].sha256 == staged.content.sha256:
            self._parts.book.write(states.called(state, staged.place, staged.content))  # the same under another name
            self._tell(job.wish, Told(Phase.GOOD))
            return
        self._staged.append(staged)
        self._tell(job.wish, Told(Phase.STAGED))

    def _refuse(self, job: Job, error: RefusedError) -> None:
        self._tell(job.wish, self._told(job.wish, error))
        if error.reason not in PASSING:
            self._wanted.discard(job.offer.wanted.sha256)
        if not self._jobs and not self._staged:
            self.tidy()
            self._rest()

    def _begin(self) -> None:
        """Write down that it is on trial, once it is known how the daemon does without it."""
        parts, now_s = self._parts, self._parts.clock.now_s()
        if parts.before.watched_s(now_s) < parts.settings.gate.before_s:
            return
        staged = self._staged[0]
        content = replace(staged.content, utc_ns=parts.clock.utc_ns())
        pulse = parts.before.pulse(parts.body.vitals(), now_s)
        parts.book.write(states.on_trial(parts.book.state, staged.place, content, pulse))
        self._staged.popleft()
        self._trying.append(Trying(parts, staged.place, Trial(content, 0, pulse)))
        self._tell(staged.wish, Told(Phase.TRYING))

    def _try(self) -> None:
        trying = self._trying[0]
        wish = Wish(trying.content.name, trying.content.purpose.version)
        try:
            if not trying.turn():
                self._tell(wish, Told(Phase.TRYING))
                return
            told = self._come_of(wish, trying)
        except RefusedError as error:
            told = self._told(wish, error, trying.content.sha256)
            self._preparing.refuse(trying.content, error)
        self._trying.popleft()
        self._parts.before.forget()
        if told.phase is not Phase.WAITING:
            self._wanted.discard(trying.content.sha256)
        self._tell(wish, told)
        if told.phase is Phase.GOOD:
            self._preparing.forget()  # what did not fit may do so now
            self._soon()
        else:
            self._rest()

    def _come_of(self, wish: Wish, trying: Trying) -> Told:
        for barred in self._parts.book.state.barring(trying.content.sha256):
            return returned(barred)
        return Told(Phase.GOOD) if serves(self._parts.book.state, wish) else Told(Phase.WAITING)

    def _told(self, wish: Wish, error: RefusedError, sha256: str = "") -> Told:
        """Of an error: one that was returned here is told of as such."""
        for barred in self._parts.book.state.barred:
            same = barred.sha256 == sha256 or (barred.name, barred.version) == (wish.name, wish.version)
            if same and (error.reason is Reason.BARRED or sha256):
                return returned(barred)
        return refused(error)

    def _pay(self) -> None:
        if self._parts.clock.now_s() < self._pay_s:
            return
        self._pay_s = self._parts.clock.now_s() + self._pay_backoff.next_s()
        try:
            pay(self._parts)
        except RefusedError as error:
            _log.warning("what was written down is not done yet: %s", error)
            return
        self._pay_s = 0.0
        self._pay_backoff.reset()
        self.tidy()

    def _pause(self) -> None:
        """Whatever goes wrong now, it does not do so at every turn."""
        self._look_s = self._parts.clock.now_s() + FIRST_S

    def _rest(self) -> None:
        """Until wishes are looked at again."""
        settings, now_s = self._parts.settings, self._parts.clock.now_s()
        if self.wishes.any_waits():
            self._look_s = now_s + self._backoff.next_s()
        else:
            self._backoff.reset()
            self._look_s = now_s + settings.again_s

    def _soon(self) -> None:
        self._backoff.reset()
        self._look_s = 0.0

    def _tell(self, wish: Wish, told: Told) -> None:
        if self.wishes.tell(wish, told):
            self._changed()


def _as_refusal(error: Exception) -> RefusedError:
    if isinstance(error, RefusedError):
        return error
    if isinstance(error, ConfigError):
        return RefusedError(Reason.NO_ROOT, str(error))
    return RefusedError(Reason.NO_SPACE, f"the disk: {error}; make room, or correct the owner")
