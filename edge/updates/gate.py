"""The health gate: whether the daemon does as well with something new as it did before.

Nothing is demanded that was not there before: a camera that was dead may stay dead, and an update may be what heals it.

A broker or cameras that go away need not be the fault of what is on trial: that is a verdict of its own (`LOST`). Where
they cannot be, the clock is held while they are away, and goes on when they are back.
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum, auto

from edge.updates.seams import Vitals
from edge.updates.settings import GateSettings

LONGEST_S = 600.0  # of what is remembered for comparison
STEP_S = 5.0  # between two memories
MOST_BEGUN = 3  # times that the daemon may begin to count, while something is judged
FEWEST = 10.0  # that must have been expected before their rate is judged


@dataclass(frozen=True, slots=True)
class Pulse:
    """How the daemon did, per second; the score is NaN where nothing was detected."""

    frames_s: float
    looks_s: float
    failures_s: float
    score: float
    broker: bool


NOTHING = Pulse(0.0, 0.0, 0.0, math.nan, broker=False)


class Before:
    """Watches the daemon while nothing new is tried."""

    def __init__(self) -> None:
        self._noted: deque[tuple[float, Vitals]] = deque()

    def note(self, vitals: Vitals, now_s: float) -> None:
        """How it does now, of a clock that never goes back."""
        if self._noted and _restarted(self._noted[-1][1], vitals):
            self._noted.clear()
        if not self._noted or now_s - self._noted[-1][0] >= STEP_S:
            self._noted.append((now_s, vitals))
        while now_s - self._noted[0][0] > LONGEST_S:
            self._noted.popleft()

    def forget(self) -> None:
        """What serves has changed: how it did before is of no use."""
        self._noted.clear()

    def watched_s(self, now_s: float) -> float:
        """For how long."""
        return now_s - self._noted[0][0] if self._noted else 0.0

    def pulse(self, vitals: Vitals, now_s: float) -> Pulse:
        """How it did until now."""
        if not self._noted or now_s <= self._noted[0][0]:
            return Pulse(0.0, 0.0, 0.0, vitals.score, vitals.broker)
        began_s, first = self._noted[0]
        past_s = now_s - began_s
        return Pulse(
            frames_s=max(0, vitals.frames - first.frames) / past_s,
            looks_s=max(0, vitals.looks - first.looks) / past_s,
            failures_s=max(0, vitals.failures - first.failures) / past_s,
            score=vitals.score,
            broker=vitals.broker,
        )


class Health(Enum):
    """What the gate says."""

    WATCHED = auto()  # nothing yet
    WELL = auto()
    SICK = auto()
    LOST = auto()  # the broker or cameras went away, and nobody can say because of what


@dataclass(frozen=True, slots=True)
class Verdict:
    """And why, for people, where it is sick."""

    health: Health
    why: str = ""


WATCHED, WELL = Verdict(Health.WATCHED), Verdict(Health.WELL)


class Gate:
    """Judges one thing that serves on trial.

    Args:
        settings: how.
        before: how the daemon did without it.
        now_s: when it began to serve, of a clock that never goes back.
        holds: it cannot be why the broker or cameras are away: they are waited for, for `hold_s` in all.
    """

    def __init__(self, settings: GateSettings, before: Pulse, now_s: float, *, holds: bool = False) -> None:
        self._settings, self._before, self._warm_s = settings, before, now_s + settings.warm_s
        self._holds, self._held_s, self._felt_s = holds, 0.0, now_s
        self._first: tuple[float, Vitals] | None = None
        self._last_frame_s = self._last_look_s = self._last_broker_s = now_s
        self._last = Vitals(0, 0, 0, math.nan, broker=False)
        self._begun = 0

    def feel(self, vitals: Vitals, now_s: float) -> Verdict:
        """How it does now; the verdict so far. Once it is sick, it is not to be asked again."""
        if now_s < self._warm_s:
            return WATCHED
        if self._first is None or _restarted(self._last, vitals):
            self._begin(vitals, now_s)
            self._begun += 1
        if self._begun > MOST_BEGUN:
            return Verdict(Health.SICK, f"the daemon began its work {self._begun} times")
        if self._holds and (self._mute_s(now_s) or self._unheard(vitals)):
            self._hold(vitals, now_s)
        self._note(vitals, now_s)
        began_s, first = self._first or (now_s, vitals)
        watched_s = now_s - began_s
        if why := self._at_once(vitals, first, watched_s):
            return Verdict(Health.SICK, why)
        if why := self._lost(now_s):
            return Verdict(Health.LOST, why)
        if watched_s < self._settings.watch_s or self._unheard(vitals):
            return WATCHED  # a broker that is away is waited for, until it has been for too long
        return self._in_the_end(vitals, first, watched_s)

    def _begin(self, vitals: Vitals, now_s: float) -> None:
        self._first, self._last = (now_s, vitals), vitals
        self._last_frame_s = self._last_look_s = self._last_broker_s = self._felt_s = now_s

    def _hold(self, vitals: Vitals, now_s: float) -> None:
        """What passed since it was felt last is not watched; failures are counted all the same."""
        began_s, first = self._first or (now_s, vitals)
        past_s, last = now_s - self._felt_s, self._last
        frames, looks = vitals.frames - last.frames, vitals.looks - last.looks
        self._first = began_s + past_s, replace(first, frames=first.frames + frames, looks=first.looks + looks)
        self._held_s += past_s

    def _note(self, vitals: Vitals, now_s: float) -> None:
        if vitals.frames > self._last.frames:
            self._last_frame_s = now_s
        if vitals.looks > self._last.looks:
            self._last_look_s = now_s
        if vitals.broker:
            self._last_broker_s = now_s
        self._last, self._felt_s = vitals, now_s

    def _at_once(self, vitals: Vitals, first: Vitals, watched_s: float) -> str:
        """What is too bad to be watched any longer; "" for nothing."""
        settings, before = self._settings, self._before
        failures = vitals.failures - first.failures
        if failures > settings.most_failures + 2 * before.failures_s * watched_s:
            return f"models failed {failures} times within {watched_s:.0f} s"
        silent_s = self._last_frame_s - self._last_look_s  # while frames came: what does not come cannot be looked at
        if silent_s > _patience_s(settings.silent_s, before.looks_s * settings.least_looks):
            return f"no detector looked for {silent_s:.0f} s, and {before.looks_s:.2g} a second did before"
        return ""

    def _unheard(self, vitals: Vitals) -> bool:
        return self._before.broker and not vitals.broker

    def _mute_s(self, now_s: float) -> float:
        """For how long no frame came, where that is too long; else 0."""
        silent_s = now_s - self._last_frame_s
        return silent_s if silent_s > _patience_s(self._settings.silent_s, self._before.frames_s) else 0.0

    def _lost(self, now_s: float) -> str:
        """What is away for too long; "" for nothing."""
        if self._holds and self._held_s <= self._settings.hold_s:
            return ""
        held = f" ({self._held_s:.0f} s of the watch in all)" if self._holds else ""
        if silent_s := self._mute_s(now_s):
            return f"no frame came for {silent_s:.0f} s{held}, and {self._before.frames_s:.2g} a second did before"
        away_s = now_s - self._last_broker_s
        if self._holds or (self._before.broker and away_s > self._settings.broker_s):
            return f"the broker has been away for {away_s:.0f} s{held}"
        return ""

    def _in_the_end(self, vitals: Vitals, first: Vitals, watched_s: float) -> Verdict:
        settings, before = self._settings, self._before
        frames, looks = vitals.frames - first.frames, vitals.looks - first.looks
        if _too_few(frames, before.frames_s * watched_s, settings.least_rate):
            why = f"{frames / watched_s:.2g} frames came a second, and {before.frames_s:.2g} did before"
            return Verdict(Health.LOST, why)
        if _too_few(looks, before.looks_s * watched_s, settings.least_looks):
            why = f"detectors looked {looks / watched_s:.2g} times a second, and {before.looks_s:.2g} times before"
            return Verdict(Health.SICK, why)
        if vitals.score < settings.least_score * before.score:  # not where either is NaN
            return Verdict(Health.SICK, f"the mean score is {vitals.score:.2f}, and was {before.score:.2f} before")
        return WELL


def _too_few(count: int, expected: float, least: float) -> bool:
    return expected >= FEWEST and count < least * expected


def _patience_s(silent_s: float, rate_s: float) -> float:
    """How long silence is borne of what came so often; for ever of what did not come."""
    return max(silent_s, FEWEST / rate_s) if rate_s > 0 else math.inf


def _restarted(last: Vitals, vitals: Vitals) -> bool:
    """Whether the daemon counts from 0 again."""
    return vitals.frames < last.frames or vitals.looks < last.looks or vitals.failures < last.failures
