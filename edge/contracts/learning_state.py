"""How learning on the device stands: told over MQTT, and between the daemon and the process that learns."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.contracts.json_fields import Object, count, number, text
from edge.contracts.stored import Json


@dataclass(frozen=True, slots=True)
class Errors:
    """Mean errors on the same `count` samples; NaN where there are none. A candidate that is none has those that serve.

    Of paths in heights of the object, of readings in standard deviations of the window.
    """

    count: int
    base: float  # of the weights in the model file
    serving: float
    candidate: float


NO_ERRORS = Errors(0, math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Offers:
    """Weights that others have learnt, since the process began that judges them here."""

    judged: int
    taken: int  # of them, as a candidate
    errors: Errors  # of the latest, on what was held out


NO_OFFERS = Offers(0, 0, NO_ERRORS)


@dataclass(frozen=True, slots=True)
class SubjectState:
    """One camera or sensor that learns."""

    name: str
    phase: str  # collecting, training, shadow or resting; "" while it cannot be opened
    serving: str  # name of the weights that serve: the SHA-256 of their checkpoint, "" for those of the model file
    previous: str
    candidate: str  # in the shadow, "" = none
    samples: int  # ever stored
    learnt_from: int  # kept to learn from
    held_out: int  # kept to judge by
    rounds: int
    promoted: int  # times that a candidate came to serve
    returned: int  # times that one was sent back
    held: Errors  # of the last round, on what was held out
    live: Errors  # on the newest samples, before anybody had learnt from them
    shadow: Errors  # the same since the candidate is in the shadow
    offers: Offers
    trouble: str


@dataclass(frozen=True, slots=True)
class ServedSubject:
    """The same as the daemon sees it."""

    state: SubjectState
    model: str  # its name
    weights: str  # that really serve in the daemon now
    since_utc_ns: int  # 0 for those of the model file that have served since the start


@dataclass(frozen=True, slots=True)
class LearningState:
    """All of it."""

    enabled: bool
    doing: str  # off, starting, collecting, training, paused, broken, or idle where nothing learns
    learning: str  # the name of who is being trained
    reason: str  # why it is paused or broken, else ""
    dropped: int  # looks and readings that the learner was too slow for
    restarts: int  # of its process
    subjects: tuple[ServedSubject, ...]
    others: Mapping[str, str]  # cameras and sensors that do not learn, and why


def unopened(name: str, trouble: str) -> SubjectState:
    """Of a subject of which nothing is known: what is in its model file serves."""
    return SubjectState(name, "", "", "", "", 0, 0, 0, 0, 0, 0, NO_ERRORS, NO_ERRORS, NO_ERRORS, NO_OFFERS, trouble)


def told_errors(errors: Errors) -> Sequence[Json]:
    """As JSON."""
    each = (errors.base, errors.serving, errors.candidate)
    return [errors.count, *(one if math.isfinite(one) else None for one in each)]


def told_subject(state: SubjectState) -> Mapping[str, Json]:
    """As JSON."""
    plain: dict[str, Json] = {name: getattr(state, name) for name in (*_TEXTS, *_COUNTS)}
    offers: Json = [state.offers.judged, state.offers.taken, told_errors(state.offers.errors)]
    return {**plain, **{name: told_errors(getattr(state, name)) for name in _ERRORS}, "offers": offers}


def read_subject(told: Object) -> SubjectState:
    """What `told_subject` gave. Raises MalformedError."""
    texts = {name: text(told, name) for name in _TEXTS}
    counts = {name: count(told, name) for name in _COUNTS}
    errors = {name: _errors(told.get(name), name) for name in _ERRORS}
    return SubjectState(**texts, **counts, **errors, offers=_offers(told.get("offers")))  # type: ignore[arg-type]


_TEXTS = ("name", "phase", "serving", "previous", "candidate", "trouble")
_COUNTS = ("samples", "learnt_from", "held_out", "rounds", "promoted", "returned")
_ERRORS = ("held", "live", "shadow")


def _offers(told: object) -> Offers:
    judged, taken, errors = told if isinstance(told, list) and len(told) == 3 else (None, None, None)
    return Offers(count({"judged": judged}, "judged"), count({"taken": taken}, "taken"), _errors(errors, "offers"))


def _errors(told: object, name: str) -> Errors:
    each = told if isinstance(told, list) and len(told) == 4 else [None] * 4
    base, serving, candidate = (math.nan if one is None else number(one, name) for one in each[1:])
    return Errors(count({name: each[0]}, name), base, serving, candidate)
