"""The forecaster that was learnt: a recurrent network on the recent paths of the tracks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from edge.contracts import boxes
from edge.contracts.flow_map import FlowMap, places
from edge.contracts.runtime import Runtime
from edge.contracts.tensors import real, stored
from edge.contracts.told_sigma import told_sigma
from edge.contracts.track_grid import C128, lengths
from edge.contracts.track_mixture import Mixture
from edge.contracts.track_windows import Answer, Encoded, decode, encode
from edge.contracts.types import F32, F64, I64, Forecasts, Mask, ModelBundle, Tracks
from edge.forecast.fitting import refuse_unfit
from edge.forecast.forecaster import Forecaster
from edge.forecast.past import askable, past_of
from edge.forecast.settings import ForecastSettings

Rows = I64 | slice
STILL = 0.1  # box heights per second: the direction of whatever moves slower means nothing
TURNED, SLOW = 0.2, 0.5  # change of velocity that is one, as a share; box heights per second: whoever moves slower
FARTHEST = 20.0  # frame heights; a network that foresees such a departure does not know


class Spoken(NamedTuple):
    """Forecasts, and the rows (T,) of them that are the network's own; the others are the baseline's."""

    forecasts: Forecasts
    own: Mask


@dataclass(frozen=True, eq=False, slots=True)
class _Foreseen:
    """How n tracks were said to depart from their straight lines, frame heights; the last way is the mean of all."""

    id: I64  # (n,)
    velocity: C128  # (n,) of the straight lines, per second
    weight: F64  # (n, M)
    departure: C128  # (n, M + 1, K)
    mode_sigma: F32  # (n, M, K) frame fractions
    told_sigma: F32  # (n, K) of all ways together


class LearnedForecaster:
    """Asks a trajectory network, and the baseline where it cannot be asked.

    The network gives the centre, several ways each with its sigma; how boxes grow is the baseline's.

    Args:
        runtime: of a trajectory model for the horizons of the settings.
        settings: of this camera.
        baseline: for the same horizons.
        aspect: width / height of the frame in pixels.
        labels: the detector's table, which the tracks' labels index.
        flow: tells how paths bend at each place, where that was learnt.

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
        flow: Callable[[], FlowMap | None] = lambda: None,
    ) -> None:
        self._runtime, self._baseline, self._aspect, self._flow = runtime, baseline, aspect, flow
        self._window = refuse_unfit(runtime.bundle, settings.horizons_s)
        self._labels = _numbers(labels, self._window.labels)
        self._axes = np.array([aspect, 1.0], np.float32)
        # One number stands for sigma along both axes, whose fractions differ in length, as in the tracker.
        self._fractions = np.sqrt(0.5 + 0.5 / aspect**2)
        self._max_sigma = settings.max_sigma
        self._ahead_s = np.array(settings.horizons_s)
        self._foreseen: _Foreseen | None = None
        self._then: tuple[I64, C128] = (np.zeros(0, np.int64), np.zeros(0, np.complex128))  # of whom it was asked

    @property
    def bundle(self) -> ModelBundle:
        """The network that is asked."""
        return self._runtime.bundle

    def forecast(self, tracks: Tracks) -> Forecasts:
        """Boxes and their uncertainty at each horizon."""
        return self.speak(tracks, self._baseline.forecast(tracks), np.ones(len(self._ahead_s))).forecasts

    def speak(self, tracks: Tracks, plain: Forecasts, stretch: F64) -> Spoken:
        """Forecasts, and which rows are the network's own.

        Args:
            tracks: T of them.
            plain: what the baseline says of them.
            stretch: (K,) how many times wider the ways are here than the network was taught.

        Raises:
            ModelError: the model failed while running.
        """
        self._then = tracks.id, self._velocity(tracks)
        past = past_of(tracks, self._aspect, self._labels)
        rows = np.flatnonzero(askable(past, self._window.step_s))
        if not len(rows):
            self._foreseen = None
            return Spoken(self._widened(plain), np.zeros(len(tracks), bool))
        encoded = encode(past, self._window)
        if len(rows) < len(tracks):
            encoded = Encoded(*(getattr(encoded, name)[rows] for name in Encoded.__slots__))
        answer, sane = _sane(self._asked(encoded.x))
        mixture = self._shifted(decode(answer, encoded, self._window), encoded, lengths(past)[rows])
        velocity = encoded.velocity.view(np.complex128)[:, 0]
        line = encoded.origin.view(np.complex128) + velocity[:, None] * self._ahead_s
        departure = mixture.mean.view(np.complex128)[..., 0] - line[:, None]
        far = ~(np.abs(departure) < FARTHEST)  # what is no number is far, too
        if far.any() or not sane.all():
            sane &= ~far.any(axis=(1, 2))
            rows, departure, velocity, line = rows[sane], departure[sane], velocity[sane], line[sane]
            mixture = Mixture(mixture.weight[sane], mixture.mean[sane], mixture.sigma[sane])
        self._foreseen = self._said(tracks.id[rows], velocity, departure, mixture, stretch)
        own = np.zeros(len(tracks), bool)
        own[rows] = True
        places = self._foreseen.departure + line[:, None]
        every = slice(None) if len(rows) == len(tracks) else rows
        return Spoken(self._merged(plain, every, places, self._foreseen, slice(None)), own)

    def turned(self, tracks: Tracks) -> bool:
        """Whether any of them is new since the network was asked, or moves otherwise than then: `again` may be off."""
        ids, then = self._then
        if not np.array_equal(tracks.id, ids):
            return True
        velocity = self._velocity(tracks)
        usual = np.maximum(np.abs(then), SLOW * boxes.size(tracks.box)[:, 1])
        return bool((np.abs(velocity - then) > TURNED * usual).any())

    def again(self, tracks: Tracks, plain: Forecasts) -> Forecasts:
        """What was said a moment ago, of where the tracks are by now: departures go along with the lines and turn.

        It costs a twentieth of asking. Sigma stays what it was, though along turned axes it may be another by a little.
        Rows of which nothing was said are the baseline's.
        """
        foreseen = self._foreseen
        if foreseen is None or not len(foreseen.id) or not len(tracks):
            return self._widened(plain)
        rows, said = _alike(tracks.id, foreseen.id)
        edges = np.stack([tracks.box[rows], tracks.velocity[rows]])
        origin, velocity = (boxes.centre(edges) * self._axes).astype(np.float64).view(np.complex128)[..., 0]
        still = STILL * boxes.size(edges[0])[:, 1]
        line = origin[:, None] + velocity[:, None] * self._ahead_s
        turn = _turn(foreseen.velocity[said], velocity, still)
        places = foreseen.departure[said] * turn[:, None, None] + line[:, None]
        return self._merged(plain, rows, places, foreseen, said)

    def _shifted(self, mixture: Mixture, encoded: Encoded, length: F64) -> Mixture:
        """All ways shifted alike to where paths from these places led."""
        flow = self._flow()
        if flow is None:
            return mixture
        shift = flow.shift(places(encoded, length, self._window))
        return Mixture(mixture.weight, mixture.mean + shift[:, None], mixture.sigma)

    def _velocity(self, tracks: Tracks) -> C128:
        """(T,) frame heights per second."""
        return (boxes.centre(tracks.velocity) * self._axes).astype(np.float64).view(np.complex128)[:, 0]

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
        t, m = len(plain), self._window.modes
        weight = np.zeros((t, m), np.float32)
        weight[:, 0] = 1
        centre = np.empty((t, m, *plain.mode_centre.shape[2:]), np.float32)
        centre[:] = plain.mode_centre[:, :1]
        sigma = np.empty((t, m, plain.sigma.shape[1]), np.float32)
        sigma[:] = plain.mode_sigma[:, :1]
        return Forecasts(plain.id, plain.horizon_s, plain.box, plain.sigma, weight, centre, sigma)

    def _said(self, ids: I64, velocity: C128, departure: C128, mixture: Mixture, stretch: F64) -> _Foreseen:
        """What is kept of an answer."""
        mean = mixture.weight[:, None] @ departure
        sigma = mixture.sigma * stretch
        told = told_sigma(mixture.weight, (departure - mean).view(np.float64).reshape(*departure.shape, 2), sigma)
        ways = np.concatenate([departure, mean], axis=1)
        return _Foreseen(ids, velocity, mixture.weight, ways, self._limited(sigma), self._limited(told))

    def _merged(self, plain: Forecasts, rows: Rows, places: C128, foreseen: _Foreseen, said: Rows) -> Forecasts:
        """The baseline's with some rows (n,) replaced by the network's.

        Args:
            plain: the baseline's.
            rows: of it.
            places: (n, M + 1, K) frame heights; the last way is the mean of all.
            foreseen: what was said of them.
            said: its rows.
        """
        centre = (places.view(np.float64).reshape(*places.shape, 2) / self._axes).astype(np.float32)
        half = boxes.size(plain.box[rows]) * np.float32(0.5)
        box = np.concatenate([centre[:, -1] - half, centre[:, -1] + half], axis=-1)
        columns = (
            box,
            foreseen.told_sigma[said],
            foreseen.weight[said].astype(np.float32),
            centre[:, :-1],
            foreseen.mode_sigma[said],
        )
        if isinstance(rows, slice):
            return Forecasts(plain.id, plain.horizon_s, *columns)
        wide = self._widened(plain)
        mixed = [column.copy() for column in (wide.box, wide.sigma)]
        mixed += [wide.mode_weight, wide.mode_centre, wide.mode_sigma]
        for all_rows, column in zip(mixed, columns, strict=True):
            all_rows[rows] = column
        return Forecasts(plain.id, plain.horizon_s, *mixed)

    def _limited(self, sigma: F64) -> F32:
        """In frame fractions, of frame heights."""
        return np.minimum(sigma * self._fractions, self._max_sigma).astype(np.float32)


def _alike(one: I64, other: I64) -> tuple[Rows, Rows]:
    """Which rows of both are the same tracks: as a rule all of them."""
    if np.array_equal(one, other):
        return slice(None), slice(None)
    order = np.argsort(other)
    found = order[np.searchsorted(other, one, sorter=order).clip(max=max(len(other) - 1, 0))]
    rows = np.flatnonzero(other[found] == one)
    return rows, found[rows]


def _turn(before: C128, now: C128, still: F32) -> C128:
    """(n,) how velocities (n,) have turned, where neither is slower than that (n,)."""
    moves = np.minimum(np.abs(before), np.abs(now)) > still
    turn = np.where(moves, now * before.conj(), 1)
    return np.asarray(turn / np.abs(turn), np.complex128)


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
    if np.isfinite(np.concatenate([column.ravel() for column in columns])).all():
        return answer, np.ones(len(answer.logit), bool)
    sane = np.logical_and.reduce([np.isfinite(column.reshape(len(column), -1)).all(axis=1) for column in columns])
    return Answer(*(np.where(sane.reshape(-1, *[1] * (c.ndim - 1)), c, 0) for c in columns)), sane
