"""One camera's tracker: forecast, pair with what was seen, correct, start and end tracks."""

from dataclasses import replace

import numpy as np

from edge.contracts.types import F64, I64, Detections, Mask, Tracks
from edge.tracking import kalman
from edge.tracking.association import Round, pair_in_rounds, similarity
from edge.tracking.camera_motion import common_shift
from edge.tracking.rows import Rows, isotropic, to_tracks
from edge.tracking.settings import TrackingSettings

STRONG_WORTH, WEAK_WORTH, SECOND_WORTH, OTHER_LABEL_WORTH = 0.1, 0.5, 0.3, 0.7  # least worth of a pair, by round
SIZE_ACCELERATION = 0.3  # of the centre's
START_SPEED, START_GROWTH = 0.5, 0.2  # 1 sd for a new object, box heights per second


class Tracker:
    """Remembers the objects of one camera. Identities count from 1 and are never used again.

    Every step forecasts all objects to the time of the new frame, moves them along with the camera, and pairs them
    with detections in rounds: strong detections first, then weak ones with objects that would otherwise be lost,
    for they dim while someone walks in front of them (ByteTrack: Zhang et al., ECCV 2022). What is out of sight coasts
    on its forecast and is taken up again where it reappears, under its old identity.
    """

    def __init__(self, settings: TrackingSettings, aspect: float) -> None:
        """Start with nothing.

        Args:
            settings: of this camera.
            aspect: width / height of the frame in pixels.
        """
        if not aspect > 0:
            raise ValueError(f"aspect is width / height of the frame, above 0; got {aspect}")
        self._settings = settings
        self._aspect = aspect
        self._rows = Rows.empty(settings.history)
        self._looked_s = -np.inf
        self._next_id = 1

    def step(self, detections: Detections, t_s: float) -> Tracks:
        """Take in what was seen at `t_s`, maybe nothing, and tell what is there.

        Raises:
            ValueError: `t_s` is not later than the step before. A source that starts over needs a new tracker.
        """
        if not t_s > self._looked_s:
            raise ValueError(
                f"a step at {t_s} s after one at {self._looked_s} s; time must grow, else use a new Tracker"
            )
        settings = self._settings
        if len(detections) and detections.score.min() < settings.low_score:
            detections = detections[detections.score >= settings.low_score]
        seen = isotropic(detections.box, self._aspect)
        rows, alike = self._camera_followed(self._forecast(t_s), seen, detections)
        row, column = self._paired(rows, detections, alike)
        rows = _corrected(rows, row, seen[column], settings.jitter).seen(row, detections[column], t_s)
        keep = t_s - rows.seen_s <= np.where(rows.sure, settings.coast_s, 0)
        if not keep.all():
            rows = rows[keep]
        born = detections.score >= settings.birth_score
        born[column] = False
        if born.any():
            rows = rows.join(self._born(detections[born], seen[born], t_s))
        self._rows, self._looked_s = rows, t_s
        return self._told(rows, t_s)

    def at(self, t_s: float) -> Tracks:
        """Where the tracks are forecast to be at `t_s`, without a look: nothing is remembered and nothing missed.

        `lost_s` stays what it was at the newest step: 0 for what was seen then.

        Raises:
            ValueError: `t_s` is before the newest step.
        """
        if t_s < self._looked_s:
            raise ValueError(f"a forecast for {t_s} s after a step at {self._looked_s} s; the past is in the history")
        return self._told(self._forecast(t_s), t_s)

    def _told(self, rows: Rows, t_s: float) -> Tracks:
        told = rows if rows.sure.all() else rows[rows.sure]
        return to_tracks(told, self._looked_s, t_s, self._aspect)

    def _forecast(self, t_s: float) -> Rows:
        """All rows with their motion carried on to `t_s`."""
        rows = self._rows
        if not len(rows):
            return rows
        noise = _noise(rows.mean[:, 0, 1, 1], self._settings.acceleration, SIZE_ACCELERATION)
        mean, cov = kalman.predict(rows.mean, rows.cov, noise, t_s - self._looked_s)
        return replace(rows, mean=mean, cov=cov)

    def _camera_followed(self, rows: Rows, seen: F64, detections: Detections) -> tuple[Rows, F64]:
        """The rows, moved as the camera moved, and how alike (T, N) they are to what was seen."""
        alike = similarity(rows.mean[:, 0], seen, self._settings.reach)
        if not self._settings.camera_moves:
            return rows, alike
        shift = common_shift(rows.mean[:, 0], seen, alike * detections.score, STRONG_WORTH)
        if not shift.any():
            return rows, alike
        mean = rows.mean.copy()
        mean[:, 0, 0] += shift
        return replace(rows, mean=mean), similarity(mean[:, 0], seen, self._settings.reach)

    def _paired(self, rows: Rows, detections: Detections, alike: F64) -> tuple[I64, I64]:
        """Rows and the detections that belong to them."""
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

    def _born(self, detections: Detections, seen: F64, t_s: float) -> Rows:
        """New rows of unpaired detections."""
        n, settings = len(detections), self._settings
        mean, cov = np.zeros((n, 2, 2, 2)), np.zeros((n, 2, 3))
        mean[:, 0] = seen
        height = seen[:, 1, 1]
        cov[..., 0] = _noise(height, settings.jitter)
        cov[..., 2] = _noise(height, START_SPEED, START_GROWTH / START_SPEED)
        past = np.full((n, settings.history, 4), np.nan, np.float32)
        past_s = np.full((n, settings.history), np.nan)
        past[:, -1], past_s[:, -1] = detections.box, t_s
        ids = np.arange(self._next_id, self._next_id + n)
        self._next_id += n
        time, sure = np.full(n, t_s), detections.score >= settings.sure_score
        votes = detections.score.astype(np.float64)
        return Rows(ids, mean, cov, detections.score, detections.label, votes, time, time, sure, past, past_s)


def _corrected(rows: Rows, row: I64, seen: F64, jitter: float) -> Rows:
    """The rows with the motion of some corrected by where they were seen (n, 2, 2)."""
    if not len(row):
        return rows
    mean, cov = rows.mean.copy(), rows.cov.copy()
    mean[row], cov[row] = kalman.update(mean[row], cov[row], seen, _noise(seen[:, 1, 1], jitter))
    return replace(rows, mean=mean, cov=cov)


def _noise(height: F64, centre: float, size: float = 1.0) -> F64:
    """Variances (T, 2) of centre and size: `centre` and `centre * size` box heights, squared."""
    return np.square(height[:, None] * np.array([centre, centre * size]))
