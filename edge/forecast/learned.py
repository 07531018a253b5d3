"""The forecaster that was learnt: a recurrent network on the recent paths of the tracks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from edge.contracts import boxes
from edge.contracts.runtime import Runtime
from edge.contracts.tensors import real, stored
from edge.contracts.track_grid import Floats
from edge.contracts.track_mixture import Mixture
from edge.contracts.track_windows import Answer, Encoded, decode, encode
from edge.contracts.types import F32, F64, I64, Forecasts, Mask, Tracks
from edge.forecast.fitting import refuse_unfit
from edge.forecast.forecaster import Forecaster
from edge.forecast.past import askable, past_of
from edge.forecast.settings import ForecastSettings

Rows = I64 | slice
STILL = 0.1  # box heights per second: the direction of whatever moves slower means nothing
FARTHEST = 20.0  # frame heights; a network that foresees such a departure does not know


class Spoken(NamedTuple):
    """Forecasts, and the rows (T,) of them that are the network's own; the others are the baseline's."""

    forecasts: Forecasts
    own: Mask


@dataclass(frozen=True, eq=False, slots=True)
class _Foreseen:
    """How n tracks were said to depart from their straight lines, frame heights."""

    id: I64  # (n,)
    velocity: F64  # (n, 2) of the straight lines, per second
    weight: F64  # (n, M)
    departure: F64  # (n, M, K, 2)
    sigma: F64  # (n, M, K)


class LearnedForecaster:
    """Asks a trajectory network, and the baseline where it cannot be asked.

    The network gives the centre, several ways each with its spread; how boxes grow is the baseline's.

    Args:
        runtime: of a trajectory model for the horizons of the settings.
        settings: of this camera.
        baseline: for the same horizons.
        aspect: width / height of the frame in pixels.
        labels: the detector's table, which the tracks' labels index.

    Raises:
        ModelError: the model does not fit.
    """

    def __init__(
        self,
        runtime: Runtime,
        settings: ForecastSettings,
        baseline: Forecaster,
        aspect: float,
        labels: Sequence[str],
    ) -> None:
        self._runtime, self._baseline, self._aspect = runtime, baseline, aspect
        self._window = refuse_unfit(runtime.bundle, settings.horizons_s)
        self._labels = _numbers(labels, self._window.labels)
        self._axes = np.array([aspect, 1.0], np.float32)
        # One number stands for the spread along both axes, whose fractions differ in length, as in the tracker.
        self._spread = np.sqrt(0.5 + 0.5 / aspect**2)
        self._max_sigma = settings.max_sigma
        self._horizon_s = np.array(settings.horizons_s)[:, None]
        self._foreseen: _Foreseen | None = None

    def forecast(self, tracks: Tracks) -> Forecasts:
        """Boxes and their uncertainty at each horizon."""
        return self.speak(tracks, self._baseline.forecast(tracks), np.ones(len(self._horizon_s))).forecasts

    def speak(self, tracks: Tracks, plain: Forecasts, stretch: F64) -> Spoken:
        """Forecasts, and which rows are the network's own.

        Args:
            tracks: T of them.
            plain: what the baseline says of them.
            stretch: (K,) how many times wider the ways are here than the network was taught.

        Raises:
            ModelError: the model failed while running.
        """
        past = past_of(tracks, self._aspect, self._labels)
        rows = np.flatnonzero(askable(past, self._window.step_s))
        if not len(rows):
            self._foreseen = None
            return Spoken(self._widened(plain), np.zeros(len(tracks), bool))
        encoded = encode(past, self._window)
        if len(rows) < len(tracks):
            encoded = Encoded(*(getattr(encoded, name)[rows] for name in Encoded.__slots__))
        answer, sane = _sane(self._asked(encoded.x))
        mixture = decode(answer, encoded, self._window)
        velocity = encoded.velocity
        line = encoded.origin[:, None] + velocity[:, None] * self._horizon_s
        departure = mixture.mean - line[:, None]
        sane &= np.abs(departure).reshape(len(rows), -1).max(axis=1) < FARTHEST
        if not sane.all():
            rows, departure, velocity = rows[sane], departure[sane], velocity[sane]
            mixture = Mixture(mixture.weight[sane], mixture.mean[sane], mixture.sigma[sane])
        self._foreseen = _Foreseen(tracks.id[rows], velocity, mixture.weight, departure, mixture.sigma)
        own = np.zeros(len(tracks), bool)
        own[rows] = True
        return Spoken(self._merged(plain, rows, mixture, stretch), own)

    def again(self, tracks: Tracks, plain: Forecasts, stretch: F64) -> Forecasts:
        """What was said a moment ago, of where the tracks are by now: departures go along with the lines and turn.

        It costs a tenth of asking. Rows of which nothing was said are the baseline's.
        """
        foreseen = self._foreseen
        if foreseen is None or not len(tracks):
            return self._widened(plain)
        rows, said = _alike(tracks.id, foreseen.id)
        origin, velocity = (boxes.centre(column[rows]) * self._axes for column in (tracks.box, tracks.velocity))
        line = origin[:, None] + velocity[:, None] * self._horizon_s
        still = STILL * boxes.size(tracks.box[rows])[:, 1]
        mean = _turned(foreseen.departure[said], foreseen.velocity[said], velocity, still) + line[:, None]
        return self._merged(plain, rows, Mixture(foreseen.weight[said], mean, foreseen.sigma[said]), stretch)

    def _asked(self, x: F32) -> Answer:
        """The network's answer to (n, S, F), in calls of as many rows as it takes."""
        bundle = self._runtime.bundle
        parts = []
        for some, rows in _padded(x, self._window.tracks):
            outputs = self._runtime.invoke(stored(some, bundle.input.tensor))
            parts.append([real(out, spec)[:rows].copy() for out, spec in zip(outputs, bundle.outputs, strict=True)])
        if len(parts) == 1:
            return Answer(*parts[0])
        return Answer(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _widened(self, plain: Forecasts) -> Forecasts:
        """The baseline's with as many ways as the network knows, all but the first without weight."""
        m = self._window.modes
        weight = np.zeros((len(plain), m), np.float32)
        weight[:, 0] = 1
        centre, sigma = (np.repeat(column[:, :1], m, axis=1) for column in (plain.mode_centre, plain.mode_sigma))
        return replace(plain, mode_weight=weight, mode_centre=centre, mode_sigma=sigma)

    def _merged(self, plain: Forecasts, rows: Rows, mixture: Mixture, stretch: F64) -> Forecasts:
        """The baseline's with some rows replaced by the network's."""
        mixture = replace(mixture, sigma=mixture.sigma * stretch)
        wide = self._widened(plain)
        centre = (mixture.point() / self._axes).astype(np.float32)
        half = boxes.size(plain.box[rows]) * np.float32(0.5)
        box, sigma = plain.box.copy(), plain.sigma.copy()
        box[rows] = np.concatenate([centre - half, centre + half], axis=-1)
        sigma[rows] = self._limited(mixture.spread())
        wide.mode_weight[rows] = mixture.weight
        wide.mode_centre[rows] = mixture.mean / self._axes
        wide.mode_sigma[rows] = self._limited(mixture.sigma)
        return replace(wide, box=box, sigma=sigma)

    def _limited(self, sigma: F64) -> F32:
        """In frame fractions, of frame heights."""
        return np.minimum(sigma * self._spread, self._max_sigma).astype(np.float32)


def _alike(one: I64, other: I64) -> tuple[Rows, Rows]:
    """Which rows of both are the same tracks: as a rule all of them."""
    if np.array_equal(one, other):
        return slice(None), slice(None)
    _, rows, others = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return rows, others


def _turned(departure: F64, before: F64, now: Floats, still: F32) -> F64:
    """Departures (n, M, K, 2) turned as the velocities (n, 2) have, where neither is slower than that (n,)."""
    old, new = before[:, 0] + 1j * before[:, 1], now[:, 0] + 1j * now[:, 1]
    moves = np.minimum(np.abs(old), np.abs(new)) > still
    turn = np.where(moves, new * old.conj(), 1)
    turn /= np.abs(turn)
    turned = (departure[..., 0] + 1j * departure[..., 1]) * turn[:, None, None]
    return np.stack([turned.real, turned.imag], axis=-1)


def _numbers(labels: Sequence[str], known: Sequence[str]) -> I64:
    """The network's number of each label of the detector, -1 where it knows none."""
    numbers = {label: number for number, label in enumerate(known)}
    return np.array([numbers.get(label, -1) for label in labels], np.int64)


def _padded(x: F32, most: int) -> Iterator[tuple[F32, int]]:
    """Tensors (most, S, F) and how many of their rows count; the others are zero."""
    for start in range(0, len(x), most):
        some = x[start : start + most]
        full = np.zeros((most, *x.shape[1:]), np.float32)
        full[: len(some)] = some
        yield full, len(some)


def _sane(answer: Answer) -> tuple[Answer, Mask]:
    """The answer with zeros for rows that are not finite, and which rows are."""
    columns = (answer.logit, answer.mean, answer.log_sigma)
    if all(np.isfinite(column).all() for column in columns):
        return answer, np.ones(len(answer.logit), bool)
    sane = np.logical_and.reduce([np.isfinite(column.reshape(len(column), -1)).all(axis=1) for column in columns])
    return Answer(*(np.where(sane.reshape(-1, *[1] * (c.ndim - 1)), c, 0) for c in columns)), sane
