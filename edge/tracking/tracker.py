"""One camera's tracker: forecast, pair with what was seen, correct, start and end tracks."""

from dataclasses import replace

import numpy as np

from edge.contracts.types import F32, F64, I64, Detections, Mask, Tracks
from edge.tracking import kalman
from edge.tracking.association import Round, pair_in_rounds, similarity
from edge.tracking.camera_motion import common_shift, common_velocity
from edge.tracking.numbers import Numbers
from edge.tracking.rows import Rows, isotropic, to_tracks
from edge.tracking.settings import TrackingSettings

STRONG_WORTH, WEAK_WORTH, SECOND_WORTH, OTHER_LABEL_WORTH = 0.15, 0.6, 0.2, 0.7  # least worth of a pair, by round
FARTHEST = 10.0  # frames; a box reaching beyond is none
SIZE_ACCELERATION = 0.2  # of the centre's
CAMERA_REACH = 0.8  # box sizes by which a jump of the camera may make forecasts miss
STEADY = 0.7  # share of a camera's unforeseen shift that will go on: it pans, it does not only shake
REACH_S = 3.2  # of the history
START_SPEED, START_GROWTH = 0.3, 0.05  # 1 sd for a new object, box heights per second


class Tracker:
    """Remembers the objects of one camera. Identities are never used again.

    Every step forecasts all objects to the time of the new frame, moves them along with the camera, and pairs them
    with detections in rounds: strong detections first, then weak ones with objects that would otherwise be lost,
    for they dim while someone walks in front of them (ByteTrack: Zhang et al., ECCV 2022). What is out of sight coasts
    on its forecast and is taken up again where it reappears, under its old identity.
    """

    def __init__(
        self, settings: TrackingSettings, aspect: float, reach_s: float = REACH_S, numbers: Numbers | None = None
    ) -> None:
        """Start with nothing.

        Args:
            settings: of this camera.
            aspect: width / height of the frame in pixels.
            reach_s: seconds over which the boxes of the history are spread, about.
            numbers: what identities are taken from; else they count from 1.
        """
        if not aspect > 0:
            raise ValueError(f"aspect is width / height of the frame, above 0; got {aspect}")
        self._settings = settings
        self._aspect = aspect
        self._spacing_s = reach_s / settings.history
        self._rows = Rows.empty(settings.history)
        self._looked_s = -np.inf
        self._numbers = numbers or Numbers()

    @property
    def undecided(self) -> bool:
        """Whether a look at the very next frame should settle what is there.

        Something was seen, once and not surely, or something sure was not found again.
        """
        return not self._rows.sure.all() or bool(self._rows.missed_s.any())

    def step(self, detections: Detections, t_s: float) -> Tracks:
        """Take in what was seen at `t_s`, maybe nothing, and tell what is there.

        Raises:
            ValueError: `t_s` is not later than the step before. A source that starts over needs a new tracker.
        """
        if not self._looked_s < t_s < np.inf:
            raise ValueError(
                f"a step at {t_s} s after one at {self._looked_s} s; time must grow, else use a new Tracker"
            )
        settings = self._settings
        detections = _usable(detections, settings.low_score)
        seen = isotropic(detections.box, self._aspect)
        mean, cov = self._forecast(t_s)
        self._follow_camera(mean, seen, detections.score, t_s - self._looked_s)
        row, column = self._paired(mean, detections, seen)
        _correct(mean, cov, row, seen[column], settings.jitter)
        rows = self._rows.seen(row, detections[column], (self._looked_s, t_s), (mean, cov), self._spacing_s)
        keep = rows.missed_s <= np.where(rows.sure, settings.coast_s, 0)
        rows = rows if keep.all() else rows[keep]
        born = detections.score >= settings.birth_score
        born[column] = False
        if born.any():
            rows = rows.join(self._born(detections[born], seen[born], rows, t_s))
        self._rows, self._looked_s = rows, t_s
        return self._told(rows, t_s)

    def at(self, t_s: float) -> Tracks:
        """Where the tracks are forecast to be at `t_s`, without a look: nothing is remembered and nothing missed.

        `lost_s` stays what it was at the newest step: 0 for what was seen then.

        Raises:
            ValueError: `t_s` is before the newest step.
        """
        if not self._looked_s <= t_s < np.inf:
            raise ValueError(f"a forecast for {t_s} s after a step at {self._looked_s} s; the past is in the history")
        mean, cov = self._forecast(t_s)
        return self._told(replace(self._rows, mean=mean, cov=cov), t_s)

    def _told(self, rows: Rows, t_s: float) -> Tracks:
        told = rows if rows.sure.all() else rows[rows.sure]
        return to_tracks(told, self._looked_s, t_s, self._aspect)

    def _forecast(self, t_s: float) -> tuple[F64, F64]:
        """Mean and covariance of all rows, carried on to `t_s`; new arrays, the step's own to write into."""
        rows = self._rows
        if not len(rows):
            return rows.mean, rows.cov
        noise = _noise(rows.mean[:, 0, 1, 1], self._settings.acceleration, SIZE_ACCELERATION)
        return kalman.predict(rows.mean, rows.cov, noise, t_s - self._looked_s)

    def _follow_camera(self, mean: F64, seen: F64, score: F32, since_s: float) -> None:
        """Move the forecasts as the camera moved. It may jump by more than people do, hence the longer reach."""
        if not self._settings.camera_moves:
            return
        worth = similarity(mean[:, 0], seen, CAMERA_REACH) * score
        shift = common_shift(mean[:, 0], seen, worth, STRONG_WORTH)
        if shift.any():
            mean[:, 0, 0] += shift
            mean[:, 1, 0] += shift * (STEADY / since_s)

    def _paired(self, mean: F64, detections: Detections, seen: F64) -> tuple[I64, I64]:
        """Rows and the detections that belong to them."""
        rows, alike = self._rows, similarity(mean[:, 0], seen, self._settings.reach)
        strong = detections.score >= self._settings.high_score
        same = rows.label[:, None] == detections.label
        value = alike * np.where(strong, detections.score, 1)
        held: Mask = rows.seen_s == self._looked_s
        worth = value * same
        rounds = [
            Round(rows.sure, strong, worth, STRONG_WORTH),
            Round(rows.sure & held, ~strong, worth, WEAK_WORTH),
            Round(~rows.sure, strong, worth, SECOND_WORTH),
        ]
        if not same.all():
            rounds.append(Round(held, strong, value, OTHER_LABEL_WORTH))
        return pair_in_rounds(rounds)

    def _born(self, detections: Detections, seen: F64, others: Rows, t_s: float) -> Rows:
        """New rows of unpaired detections, which at first move as most others do."""
        n, settings = len(detections), self._settings
        height = seen[:, 1, 1]
        rows = Rows(
            id=np.arange(n) + self._numbers.take(n),
            mean=np.zeros((n, 2, 2, 2)),
            cov=np.zeros((n, 2, 3)),
            score=detections.score,
            label=detections.label,
            votes=detections.score.astype(np.float64),
            born_s=np.full(n, t_s),
            seen_s=np.full(n, t_s),
            missed_s=np.zeros(n),
            sure=detections.score >= settings.sure_score,
            past=np.full((n, settings.history, 4), np.nan, np.float32),
            past_s=np.full((n, settings.history), np.nan),
        )
        rows.mean[:, 0] = seen
        if settings.camera_moves:
            rows.mean[:, 1, 0] = common_velocity(others.mean[others.sure & (others.seen_s == t_s), 1, 0])
        rows.cov[..., 0] = _noise(height, settings.jitter)
        rows.cov[..., 2] = _noise(height, START_SPEED, START_GROWTH / START_SPEED)
        rows.past[:, -1], rows.past_s[:, -1] = detections.box, t_s
        return rows


def _usable(detections: Detections, low_score: float) -> Detections:
    """Without what is too weak, turned inside out, absurdly far off or not a number."""
    box = detections.box
    usable = (detections.score >= low_score) & (np.abs(box).max(axis=1, initial=0) < FARTHEST)
    usable &= (box[:, 2:] > box[:, :2]).all(axis=1)
    return detections if usable.all() else detections[usable]


def _correct(mean: F64, cov: F64, row: I64, seen: F64, jitter: float) -> None:
    """Correct the motion of some rows by where they were seen (n, 2, 2)."""
    if len(row):
        mean[row], cov[row] = kalman.update(mean[row], cov[row], seen, _noise(seen[:, 1, 1], jitter))


def _noise(height: F64, centre: float, size: float = 1.0) -> F64:
    """Variances (T, 2) of centre and size: `centre` and `centre * size` box heights, squared."""
    return np.square(height[:, None] * np.array([centre, centre * size]))
