"""Which samples are compared and learnt from: of an auto-encoder usual windows only, of all other models every one.

Who learns from what is odd gets used to it. So a window that is odd to what serves, or far off to the exported weights
whatever serves, is not learnt from, and neither are those that share a reading with it, before and after. Live, windows
count that are usual to what serves or to the exported weights: what serves must not choose its own judges.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.contracts.limits import FURTHEST, Limit
from edge.contracts.trainable import Trainee
from edge.contracts.types import F32, Mask, ModelBundle
from edge.learning.checkpoint import CheckpointError, read_checkpoint
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.standing import EXPORTED
from edge.learning.usual import squares, told_limit

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Sifted:
    """Of samples that came."""

    compared: Sequence[Sample]  # live, each before anybody learns from it
    learnt: Sequence[Sample]  # to be kept; may have come earlier


class Sieve(Protocol):
    """Of one subject."""

    def sift(self, trainee: Trainee, serving: tuple[str, F32], samples: Sequence[Sample]) -> Sifted:
        """What is to be done with samples, in the order in which they came.

        Args:
            trainee: the model; whose weights it has afterwards is not known.
            serving: the name of the weights that serve, and these (N,).
            samples: new ones.

        Raises:
            ModelError: the model takes none of the weights.
        """


class EverySample:
    """Nothing is left out."""

    def sift(self, trainee: Trainee, serving: tuple[str, F32], samples: Sequence[Sample]) -> Sifted:
        """All of them."""
        del trainee, serving
        return Sifted(samples, samples)


class UsualWindows:
    """Leaves out what is odd. Windows wait for as long as they are, for one that is odd may share readings with them.

    Args:
        folder: of the subject.
        bundle: of the auto-encoder.
        exported: (N,) the weights in its file.
        told: the limit in its file.
        share: of a limit from which a window is told as an anomaly; 1 or less.
    """

    def __init__(self, folder: Path, bundle: ModelBundle, exported: F32, told: Limit, share: float) -> None:
        self._folder, self._bundle, self._exported, self._told, self._share = folder, bundle, exported, told, share
        self._shapes = shapes_of(bundle)
        self._known = EXPORTED, told.error  # the name of weights, and their limit
        self._waiting: list[Sample] = []
        self._begin_s = self._odd_until_s = -math.inf  # of the newest sample; of the newest one that was odd

    def sift(self, trainee: Trainee, serving: tuple[str, F32], samples: Sequence[Sample]) -> Sifted:
        """See `Sieve.sift`."""
        if not samples:
            return Sifted((), ())
        name, weights = serving
        limit, batch = self._limit(name), stacked(samples, self._shapes)
        exported = squares(trainee, self._exported, batch)
        served = squares(trainee, weights, batch) if name != EXPORTED else exported
        usual: Mask = (served < self._share * limit) & (exported < self._share * self._furthest(name))
        counts: Mask = (served < limit) | (exported < self._told.error)
        learnt = [one for sample, fine in zip(samples, usual, strict=True) for one in self._next(sample, bool(fine))]
        return Sifted([sample for sample, fine in zip(samples, counts, strict=True) if fine], learnt)

    def _next(self, sample: Sample, usual: bool) -> list[Sample]:
        """Those that nothing odd can reach any more."""
        if sample.begin_s <= self._begin_s:  # the clock was set back
            self._waiting, self._odd_until_s = [], -math.inf
        self._begin_s = sample.begin_s
        if not usual:
            self._odd_until_s = sample.end_s
            self._waiting = [one for one in self._waiting if one.end_s < sample.begin_s]
        elif sample.begin_s > self._odd_until_s:
            self._waiting.append(sample)
        done = [one for one in self._waiting if one.end_s < sample.begin_s]
        self._waiting = self._waiting[len(done) :]
        return done

    def _furthest(self, name: str) -> float:
        return math.inf if name == EXPORTED else FURTHEST * self._told.error

    def _limit(self, name: str) -> float:
        """Of the weights of this name; where it cannot be read now, the lowest that there may be."""
        if name == EXPORTED:
            return self._told.error
        if name != self._known[0]:
            bundle = self._bundle
            try:
                found = read_checkpoint(self._folder, name, bundle.sha256, bundle.head, len(self._exported))
            except CheckpointError as error:
                _log.warning("the lowest limit counts: %s", error)
                return self._told.bounded(0.0)
            self._known = name, self._told.of(found.scores)
        return self._known[1]


def sieve_of(folder: Path, bundle: ModelBundle, exported: F32, share: float) -> Sieve:
    """For a subject; see `UsualWindows`. Raises ModelError: an auto-encoder carries no limit."""
    told = told_limit(bundle)
    return EverySample() if told is None else UsualWindows(folder, bundle, exported, told, share)
