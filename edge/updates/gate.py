"""The health gate: whether the daemon does as well with something new as it did before.

Nothing is demanded that was not there before: a camera that was dead may stay dead, and an update may be what heals it.

A broker or cameras that go away need not be the fault of what is on trial: that is a verdict of its own
(`INCONCLUSIVE`). Where they cannot be, the clock is held while they are away, and goes on when they are back.
"""

import math
from dataclasses import dataclass, replace
from enum import Enum, auto

from edge.updates.baseline import Baseline, restarted
from edge.updates.interfaces import HealthSample
from edge.updates.settings import GateSettings

MOST_BEGUN = 3  # times that the daemon may begin to count, while something is judged
FEWEST = 10.0  # that must have been expected before their rate is judged


class Health(Enum):
    """What the gate says."""

    UNDECIDED = auto()  # nothing yet
    HEALTHY = auto()
    SICK = auto()
    INCONCLUSIVE = auto()  # the broker or cameras went away, and nobody can say because of what


@dataclass(frozen=True, slots=True)
class Verdict:
    """And why, for people, where it is sick."""

    health: Health
    why: str = ""


UNDECIDED, HEALTHY = Verdict(Health.UNDECIDED), Verdict(Health.HEALTHY)


class Gate:
    """Judges one thing that serves on trial.

    Args:
        settings: how.
        baseline: how the daemon did without it.
        now_s: when it began to serve, of a clock that never goes back.
        holds: it cannot be why the broker or cameras are away: they are waited for, for `hold_s` in all.
    """

    def __init__(self, settings: GateSettings, baseline: Baseline, now_s: float, *, holds: bool = False) -> None:
        self._settings, self._baseline, self._warm_s = settings, baseline, now_s + settings.warm_s
        self._holds, self._held_s, self._judged_s = holds, 0.0, now_s
        self._first: tuple[float, HealthSample] | None = None
        self._last_frame_s = self._last_look_s = self._last_broker_s = now_s
        self._last = HealthSample(0, 0, 0, math.nan, broker=False)
        self._begun = 0

    def judge(self, sample: HealthSample, now_s: float) -> Verdict:
        """How it does now; the verdict so far. Once it is sick, it is not to be asked again."""
        if now_s < self._warm_s:
            return UNDECIDED
        if self._first is None or restarted(self._last, sample):
            self._begin(sample, now_s)
            self._begun += 1
        if self._begun > MOST_BEGUN:
            return Verdict(Health.SICK, f"the daemon began its work {self._begun} times")
        if self._holds and (self._mute_s(now_s) or self._unheard(sample)):
            self._hold(sample, now_s)
        self._note(sample, now_s)
        began_s, first = self._first or (now_s, sample)
        watched_s = now_s - began_s
        if why := self._at_once(sample, first, watched_s):
            return Verdict(Health.SICK, why)
        if why := self._lost(now_s):
            return Verdict(Health.INCONCLUSIVE, why)
        if watched_s < self._settings.watch_s or self._unheard(sample):
            return UNDECIDED  # a broker that is away is waited for, until it has been for too long
        return self._in_the_end(sample, first, watched_s)

    def _begin(self, sample: HealthSample, now_s: float) -> None:
        self._first, self._last = (now_s, sample), sample
        self._last_frame_s = self._last_look_s = self._last_broker_s = self._judged_s = now_s

    def _hold(self, sample: HealthSample, now_s: float) -> None:
        """What passed since it was judged last is not watched; failures are counted all the same."""
        began_s, first = self._first or (now_s, sample)
        past_s, last = now_s - self._judged_s, self._last
        frames, looks = sample.frames - last.frames, sample.looks - last.looks
        self._first = began_s + past_s, replace(first, frames=first.frames + frames, looks=first.looks + looks)
        self._held_s += past_s

    def _note(self, sample: HealthSample, now_s: float) -> None:
        if sample.frames > self._last.frames:
            self._last_frame_s = now_s
        if sample.looks > self._last.looks:
            self._last_look_s = now_s
        if sample.broker:
            self._last_broker_s = now_s
        self._last, self._judged_s = sample, now_s

    def _at_once(self, sample: HealthSample, first: HealthSample, watched_s: float) -> str:
        """What is too bad to be watched any longer; "" for nothing."""
        settings, baseline = self._settings, self._baseline
        failures = sample.failures - first.failures
        if failures > settings.most_failures + 2 * baseline.failures_s * watched_s:
            return f"models failed {failures} times within {watched_s:.0f} s"
        silent_s = self._last_frame_s - self._last_look_s  # while frames came: what does not come cannot be looked at
        if silent_s > _patience_s(settings.silent_s, baseline.looks_s * settings.least_looks):
            return f"no detector looked for {silent_s:.0f} s, and {baseline.looks_s:.2g} a second did before"
        return ""

    def _unheard(self, sample: HealthSample) -> bool:
        return self._baseline.broker and not sample.broker

    def _mute_s(self, now_s: float) -> float:
        """For how long no frame came, where that is too long; else 0."""
        silent_s = now_s - self._last_frame_s
        return silent_s if silent_s > _patience_s(self._settings.silent_s, self._baseline.frames_s) else 0.0

    def _lost(self, now_s: float) -> str:
        """What is away for too long; "" for nothing."""
        if self._holds and self._held_s <= self._settings.hold_s:
            return ""
        held = f" ({self._held_s:.0f} s of the watch in all)" if self._holds else ""
        if silent_s := self._mute_s(now_s):
            return f"no frame came for {silent_s:.0f} s{held}, and {self._baseline.frames_s:.2g} a second did before"
        away_s = now_s - self._last_broker_s
        if self._holds or (self._baseline.broker and away_s > self._settings.broker_s):
            return f"the broker has been away for {away_s:.0f} s{held}"
        return ""

    def _in_the_end(self, sample: HealthSample, first: HealthSample, watched_s: float) -> Verdict:
        settings, baseline = self._settings, self._baseline
        frames, looks = sample.frames - first.frames, sample.looks - first.looks
        if _too_few(frames, baseline.frames_s * watched_s, settings.least_rate):
            why = f"{frames / watched_s:.2g} frames came a second, and {baseline.frames_s:.2g} did before"
            return Verdict(Health.INCONCLUSIVE, why)
        if _too_few(looks, baseline.looks_s * watched_s, settings.least_looks):
            why = f"detectors looked {looks / watched_s:.2g} times a second, and {baseline.looks_s:.2g} times before"
            return Verdict(Health.SICK, why)
        if sample.score < settings.least_score * baseline.score:  # not where either is NaN
            return Verdict(Health.SICK, f"the mean score is {sample.score:.2f}, and was {baseline.score:.2f} before")
        return HEALTHY


def _too_few(count: int, expected: float, least: float) -> bool:
    return expected >= FEWEST and count < least * expected


def _patience_s(silent_s: float, rate_s: float) -> float:
    """How long silence is borne of what came so often; for ever of what did not come."""
    return max(silent_s, FEWEST / rate_s) if rate_s > 0 else math.inf
