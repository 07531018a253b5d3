"""Who may serve: what happens to a candidate, decided without touching anything.

collecting -> training -> (better on what was held out) -> shadow -> (better live, and surely so) -> it serves, and
collecting again.
What serves returns to the exported weights when it is worse than they are live, and learning rests for a while then.
All times are counts of samples: a clock may be set, and a camera may see nothing for a day.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edge.learning.standing import EXPORTED, Phase, Standing


@dataclass(frozen=True, slots=True)
class Terms:
    """When what happens; counts are of samples or of comparisons."""

    first: int = 192  # samples before the first round
    every: int = 128  # more before each further one
    shadow: int = 128  # comparisons of a candidate before it may serve; doubled with every failure
    window: int = 1024  # newest comparisons by which what serves is judged: one evaluation window
    soonest: int = 32  # of them, before what serves is sent back because it is worse by far
    tolerance: float = 0.01  # share by which what serves may be worse than what was exported, and must be better first
    rest: int = 128  # doubled with every failure
    most_doublings: int = 4
    patience: int = 4  # times as long a candidate stays in the shadow that is better, and not surely so


@dataclass(frozen=True, slots=True)
class Began:
    """A round of training began."""

    seen: int


@dataclass(frozen=True, slots=True)
class Ended:
    """It ended; the candidate is on disk."""

    candidate: str
    passes: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """It did not end: interrupted, or it failed, or the candidate could not be written."""


@dataclass(frozen=True, slots=True)
class Brought:
    """Weights that others have learnt were better on what was held out; they are on disk as a candidate."""

    candidate: str
    seen: int


@dataclass(frozen=True, slots=True)
class Score:
    """Mean live errors on the same comparisons."""

    count: int
    exported: float
    serving: float
    candidate: float  # the same as `serving` where there is none


@dataclass(frozen=True, slots=True)
class Live:
    """How everyone does now."""

    seen: int
    newest: Score  # of the newest comparisons, since what serves serves
    shadow: Score  # of all since the candidate is in the shadow
    sure: float  # gain of the candidate over everyone meanwhile, at least; -inf where that is too early to say


@dataclass(frozen=True, slots=True)
class Switched:
    """By hand: learning on or off. What serves goes on serving."""

    on: bool


@dataclass(frozen=True, slots=True)
class Promoted:
    """By hand: the candidate serves."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """By hand: what served before serves again; where that is what was exported, a second time undoes it."""

    seen: int


@dataclass(frozen=True, slots=True)
class Reset:
    """By hand: all that was learnt is forgotten."""


@dataclass(frozen=True, slots=True)
class Counted:
    """So many samples were ever stored; fewer than before where they had to be begun anew."""

    seen: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A checkpoint cannot be used: none of that name is."""

    name: str


Event = Began | Ended | Stopped | Brought | Live | Switched | Promoted | RolledBack | Reset | Counted | Unreadable


def after(standing: Standing, event: Event, terms: Terms) -> Standing:
    """Where the subject stands after an event; events that do not fit change nothing."""
    return _RULES[type(event)](standing, event, terms)


def due(standing: Standing, seen: int, terms: Terms) -> bool:
    """Whether a round of training is due.

    Args:
        standing: of the subject.
        seen: samples that were ever stored.
        terms: when what happens.
    """
    if seen < terms.first or not free(standing, seen):
        return False
    return not standing.rounds or seen - standing.tried >= terms.every


def free(standing: Standing, seen: int) -> bool:
    """Whether there may be another candidate now, wherever it comes from; see `due`."""
    if not standing.on or standing.phase not in (Phase.COLLECTING, Phase.RESTING):
        return False
    return standing.phase is Phase.COLLECTING or seen >= standing.rest_until


def _began(standing: Standing, event: Began, _: Terms) -> Standing:
    if not standing.on or standing.phase is Phase.SHADOW:
        return standing
    return replace(standing, phase=Phase.TRAINING, tried=event.seen, rounds=standing.rounds + 1)


def _ended(standing: Standing, event: Ended, _: Terms) -> Standing:
    if standing.phase is not Phase.TRAINING:
        return standing
    if not event.passes or event.candidate in (EXPORTED, standing.serving):
        return replace(standing, phase=Phase.COLLECTING)
    return replace(standing, phase=Phase.SHADOW, candidate=event.candidate)


def _stopped(standing: Standing, _: Stopped, __: Terms) -> Standing:
    return replace(standing, phase=Phase.COLLECTING) if standing.phase is Phase.TRAINING else standing


def _brought(standing: Standing, event: Brought, _: Terms) -> Standing:
    if not free(standing, event.seen) or event.candidate in (EXPORTED, standing.serving):
        return standing
    return replace(standing, phase=Phase.SHADOW, candidate=event.candidate)


def _live(standing: Standing, event: Live, terms: Terms) -> Standing:
    shadow = event.shadow
    if standing.serving != EXPORTED and _worse(event.newest, terms):
        back = replace(standing, serving=EXPORTED, previous=EXPORTED, returned=standing.returned + 1)
        return _resting(back, event.seen, terms)
    if standing.failures and event.newest.count >= terms.window and standing.serving != EXPORTED:
        standing = replace(standing, failures=0)  # it has kept for a whole window what it promised
    if standing.phase is not Phase.SHADOW or shadow.count < terms.shadow * _times(standing, terms):
        return standing
    better = shadow.candidate < min(shadow.serving, shadow.exported) * (1 - terms.tolerance)
    if better and event.sure > 0:
        return _serves(standing)
    late = shadow.count >= terms.patience * terms.shadow * _times(standing, terms)
    return standing if better and not late else _resting(standing, event.seen, terms)


def _worse(newest: Score, terms: Terms) -> bool:
    """Whether what serves will have been worse over a whole window, even if it is as good as the exported from now on.

    What is no number is worse.
    """
    if newest.count < min(terms.soonest, terms.window):
        return False
    allowed = terms.tolerance * terms.window / min(newest.count, terms.window)
    return not newest.serving <= newest.exported * (1 + allowed)


def _switched(standing: Standing, event: Switched, _: Terms) -> Standing:
    return replace(standing, on=event.on, phase=Phase.COLLECTING, candidate=EXPORTED)


def _promoted(standing: Standing, _: Promoted, __: Terms) -> Standing:
    return standing if standing.candidate == EXPORTED else _serves(standing)


def _rolled_back(standing: Standing, event: RolledBack, terms: Terms) -> Standing:
    if standing.serving == standing.previous:
        return standing
    kept = standing.serving if standing.previous == EXPORTED else EXPORTED  # nothing is lost by doing it twice
    back = replace(standing, serving=standing.previous, previous=kept)
    return _resting(back, event.seen, terms)


def _reset(standing: Standing, _: Reset, __: Terms) -> Standing:
    return Standing(on=standing.on)


def _counted(standing: Standing, event: Counted, terms: Terms) -> Standing:
    """The next round is never farther off than it would be had all this happened just now."""
    longest = terms.rest * 2 ** min(max(standing.failures - 1, 0), terms.most_doublings)
    return replace(
        standing, tried=min(standing.tried, event.seen), rest_until=min(standing.rest_until, event.seen + longest)
    )


def _unreadable(standing: Standing, event: Unreadable, _: Terms) -> Standing:
    if event.name not in standing.names:
        return standing
    serving, previous, candidate = (
        EXPORTED if name == event.name else name for name in (standing.serving, standing.previous, standing.candidate)
    )
    alone = standing.phase is Phase.SHADOW and candidate == EXPORTED
    phase = Phase.COLLECTING if alone else standing.phase
    return replace(standing, serving=serving, previous=previous, candidate=candidate, phase=phase)


def _times(standing: Standing, terms: Terms) -> int:
    """How much longer everything takes after failures."""
    return 2 ** min(standing.failures, terms.most_doublings)


def _serves(standing: Standing) -> Standing:
    """The candidate serves."""
    return replace(
        standing,
        phase=Phase.COLLECTING,
        previous=standing.serving,
        serving=standing.candidate,
        candidate=EXPORTED,
        promoted=standing.promoted + 1,
    )


def _resting(standing: Standing, seen: int, terms: Terms) -> Standing:
    """No candidate, and a pause that is longer every time, as is the next one's time in the shadow."""
    return replace(
        standing,
        phase=Phase.RESTING,
        candidate=EXPORTED,
        rest_until=seen + terms.rest * _times(standing, terms),
        failures=standing.failures + 1,
    )


_RULES: Mapping[type, Callable[[Standing, Any, Terms], Standing]] = {
    Began: _began,
    Ended: _ended,
    Stopped: _stopped,
    Brought: _brought,
    Live: _live,
    Switched: _switched,
    Promoted: _promoted,
    RolledBack: _rolled_back,
    Reset: _reset,
    Counted: _counted,
    Unreadable: _unreadable,
}
