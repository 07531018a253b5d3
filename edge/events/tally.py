"""The running sums behind the score of one place. What is old fades: a camera that was turned is soon judged anew."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from edge.contracts.scores import ExpectationScore, Reliability
from edge.contracts.stored import Json
from edge.contracts.types import F64, Outcome

BINS = 10
LEADS = 200  # newest times ahead that are remembered
LEADS_WRITTEN = 50  # and of them, on disk
ENOUGH_S = 1.0  # an expectation so long before is worth having
LARGEST = 1e18  # that was ever counted
_COUNTS = ("hours", "unanswered", "kept", "missed", "undecided", "stated", "happened", "foreseen", "early", "appeared")


class Tally:
    """Of one place. Counts halve in `half_life_h` hours of watching; the leads are the newest few hundred."""

    def __init__(self, half_life_h: float) -> None:
        self._half_life_h = half_life_h
        self._sums: F64 = np.zeros((BINS, 4))  # questions, probability, came true, squared error; a row for each bin
        self._counts = dict.fromkeys(_COUNTS, 0.0)
        self._leads: deque[float] = deque(maxlen=LEADS)

    def watched(self, seconds: float) -> None:
        """So much more time has been watched."""
        fade = 0.5 ** (seconds / 3600 / self._half_life_h)
        self._sums *= fade
        for name in _COUNTS:
            self._counts[name] *= fade
        self._counts["hours"] += seconds / 3600

    def answered(self, probability: float, true: bool | None) -> None:
        """A question has its answer; None: nobody will ever know."""
        if true is None:
            self._counts["unanswered"] += 1
            return
        row = self._sums[min(int(probability * BINS), BINS - 1)]
        row += (1, probability, true, (probability - true) ** 2)

    def resolved(self, probability: float, outcome: Outcome) -> None:
        """A published expectation has its outcome."""
        self._counts[outcome.value] += 1
        if outcome is not Outcome.UNDECIDED:
            self._counts["stated"] += probability

    def happened(self, lead_s: float | None) -> None:
        """Something entered, crossed or came near, expected so long before; None: it was not expected."""
        self._counts["happened"] += 1
        if lead_s is not None:
            self._counts["foreseen"] += 1
            self._counts["early"] += lead_s >= ENOUGH_S
            self._leads.append(lead_s)

    def appeared(self) -> None:
        """Something was there when it was first seen."""
        self._counts["appeared"] += 1

    def score(self, place: str, within_s: float) -> ExpectationScore:
        """The figures as they stand."""
        asked, _, true, error = self._sums.sum(axis=0).tolist()
        brier, rate = _share(error, asked), _share(true, asked)
        base = rate * (1 - rate)
        count = self._counts
        decided = count["kept"] + count["missed"]
        return ExpectationScore(
            place=place,
            within_s=within_s,
            hours=count["hours"],
            questions=asked,
            unanswered=count["unanswered"],
            brier=brier,
            brier_of_base_rate=base,
            skill=1 - _share(brier, base),
            reliability=tuple(Reliability(s / n, y / n, n) for n, s, y, _ in self._sums.tolist() if n > 0),
            expected=decided,
            undecided=count["undecided"],
            stated=_share(count["stated"], decided),
            precision=_share(count["kept"], decided),
            false_per_hour=_share(count["missed"], count["hours"]),
            happened=count["happened"],
            appeared=count["appeared"],
            recall=_share(count["foreseen"], count["happened"]),
            lead_s=median(self._leads) if self._leads else math.nan,
            lead_share=_share(count["early"], count["happened"]),
        )

    def state(self) -> dict[str, Json]:
        """What is to be kept over a restart: short, for there may be hundreds of places."""
        return {
            "sums": [round(value, 4) for value in self._sums.ravel().tolist()],
            "counts": [round(value, 5) for value in self._counts.values()],
            "leads": [round(lead_s, 2) for lead_s in list(self._leads)[-LEADS_WRITTEN:]],
        }

    def restore(self, kept: Mapping[str, Json]) -> None:
        """Go on where an earlier run stopped. What makes no sense leaves it as it is."""
        sums, counts, leads = (_numbers(kept.get(name)) for name in ("sums", "counts", "leads"))
        if len(sums) == BINS * 4 and len(counts) == len(_COUNTS):
            self._sums = np.array(sums).reshape(BINS, 4)
            self._counts = dict(zip(_COUNTS, counts, strict=True))
            self._leads = deque(leads, maxlen=LEADS)


def _numbers(kept: Json) -> list[float]:
    """The numbers from 0 of a list that was kept; none of what is no such list, or holds impossible ones."""
    several = kept if isinstance(kept, Sequence) and not isinstance(kept, str) else ()
    numbers = [one for one in several if isinstance(one, int | float) and not isinstance(one, bool)]
    return [float(one) for one in numbers] if all(0 <= one <= LARGEST for one in numbers) else []


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan
