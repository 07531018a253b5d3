"""Tracks to feed to steps that come after the tracker: built by hand, or followed along known paths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, F64, Tracks


def tracks(
    boxes: Sequence[Sequence[float]],
    *,
    ids: Sequence[int] | None = None,
    velocity: Sequence[Sequence[float]] | None = None,
    label: int | Sequence[int] = 0,
    score: float | Sequence[float] = 0.9,
    lost_s: float | Sequence[float] = 0.0,
    sigma: float = 0.005,
    velocity_sigma: float = 0.01,
) -> Tracks:
    """Tracks with these boxes, all else as given or plain."""
    t = len(boxes)

    def row(value: float | Sequence[float]) -> F32:
        return np.broadcast_to(np.asarray(value, np.float32), (t,)).copy()

    box: F32 = np.array(boxes, np.float32).reshape(t, 4)
    speed: F32 = np.zeros((t, 4), np.float32) if velocity is None else np.array(velocity, np.float32).reshape(t, 4)
    number = np.array(range(1, t + 1) if ids is None else ids, np.int64).reshape(t)
    labels = row(label).astype(np.int64)
    past, age = box[:, None].copy(), np.zeros((t, 1), np.float32)
    columns = (row(score), labels, row(1.0), row(lost_s), row(sigma), row(velocity_sigma))
    return Tracks(number, box, speed, *columns, past, age)


def at(x: float, y: float, width: float = 0.06, height: float = 0.2) -> list[float]:
    """A box whose foot point is there."""
    return [x - width / 2, y - height, x + width / 2, y]


@dataclass(slots=True)
class _State:
    mean: F64  # (2, 4) edges and their velocities
    cov: F64  # (2, 2) shared by the four edges
    since_s: float
    t_s: float


class Follower:
    """A plain constant-velocity Kalman filter for boxes whose identity is known.

    Noise is a share of the root of the box's area: `observed` of each edge, `stray` of the velocity per second.
    """

    def __init__(self, observed: float = 0.05, stray: float = 0.3) -> None:
        self._observed, self._stray = observed, stray
        self._states: dict[int, _State] = {}

    def step(self, boxes: Mapping[int, F64], t_s: float) -> Tracks:
        """The objects seen at this time; those not seen are dropped."""
        self._states = {track: self._moved(track, box, t_s) for track, box in boxes.items()}
        states = list(self._states.values())
        spread = [np.sqrt(np.diag(state.cov)) for state in states]
        built = tracks([state.mean[0] for state in states], ids=list(self._states))
        n = len(states)
        velocity = np.array([state.mean[1] for state in states], np.float32).reshape(n, 4)
        seen = np.array([t_s - state.since_s for state in states], np.float32)
        # two edges make a centre: their independent errors halve its variance
        sigma, velocity_sigma = (np.array(spread, np.float32).reshape(n, 2) / np.sqrt(2).astype(np.float32)).T
        return Tracks(
            built.id, built.box, velocity, built.score, built.label, seen, built.lost_s,
            sigma.copy(), velocity_sigma.copy(), built.history, built.history_age_s,
        )  # fmt: skip

    def _moved(self, track: int, box: F64, t_s: float) -> _State:
        size = float(np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 1e-8)))
        noise = (self._observed * size) ** 2
        if track not in self._states:
            return _State(np.stack([box, np.zeros(4)]), np.diag([noise, size**2]), t_s, t_s)
        state = self._states[track]
        dt = t_s - state.t_s
        move: F64 = np.array([[1, dt], [0, 1]])
        stray = (self._stray * size) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        mean, cov = move @ state.mean, move @ state.cov @ move.T + stray
        gain = cov[:, 0] / (cov[0, 0] + noise)
        mean = mean + gain[:, None] * (box - mean[0])
        return _State(mean, cov - np.outer(gain, cov[0]), state.since_s, t_s)
