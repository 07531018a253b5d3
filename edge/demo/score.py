"""How good tracks and forecasts were, against the exact truth: the closing lines of the demo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import centre, iou
from edge.contracts.types import F32, I64, Forecasts, Tracks
from edge.demo.truth import LABELS, Truth

_TOO_FAR_S = 0.1  # a forecast is compared with the truth at most so far from its time


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """One picture: what was there, what was said to be there, what was said to come."""

    t_s: float
    truth: Truth
    tracks: Tracks
    forecasts: Forecasts


@dataclass(frozen=True, slots=True)
class Score:
    """Sums over a clip."""

    objects: int  # visible true objects, over all pictures
    found: int  # of them, with a track
    tracked: int  # tracks seen in their picture, over all pictures
    right: int  # of them, on some true object
    switches: int  # times that an object's track changed its id

    @property
    def recall(self) -> float:
        """Share of the objects that were found; 1 where there were none."""
        return self.found / self.objects if self.objects else 1.0

    @property
    def precision(self) -> float:
        """Share of the tracks that were right; 1 where there were none."""
        return self.right / self.tracked if self.tracked else 1.0

    @property
    def mota(self) -> float:
        """1 less misses, false tracks and switches per object (Bernardin & Stiefelhagen, CLEAR MOT, 2008)."""
        mistakes = self.objects - self.found + self.tracked - self.right + self.switches
        return 1 - mistakes / max(self.objects, 1)


def matches(truth: F32, found: F32, least_iou: float) -> list[tuple[int, int]]:
    """Pairs of rows of `truth` (N, 4) and `found` (M, 4), best overlap first, each row once."""
    overlap = iou(truth, found)
    pairs = []
    while overlap.size and overlap.max() >= least_iou:
        row, column = (int(x) for x in np.unravel_index(int(overlap.argmax()), overlap.shape))
        pairs.append((row, column))
        overlap[row], overlap[:, column] = -1, -1
    return pairs


def score(moments: Sequence[Moment], least_iou: float, least_visible: float) -> Score:
    """Recall, precision and id switches.

    Args:
        moments: in the order of time.
        least_iou: overlap from which a track is on an object.
        least_visible: objects of which less can be seen need not be found, but may.
    """
    objects = found = tracked = right = switches = 0
    worn: dict[int, int] = {}
    for moment in moments:
        seen = moment.tracks[moment.tracks.lost_s == 0]
        pairs = matches(moment.truth.box, seen.box, least_iou)
        needed = moment.truth.visible >= least_visible
        objects += int(needed.sum())
        found += sum(bool(needed[row]) for row, _ in pairs)
        tracked += len(seen)
        right += len(pairs)
        for row, column in pairs:
            identity, track = int(moment.truth.id[row]), int(seen.id[column])
            switches += worn.get(identity, track) != track
            worn[identity] = track
    return Score(objects, found, tracked, right, switches)


def right_kind(moments: Sequence[Moment], least_iou: float, labels: Sequence[str]) -> float:
    """Share of the tracks on some object that are called what it is; 1 where there are none.

    Args:
        moments: in any order.
        least_iou: overlap from which a track is on an object.
        labels: the names that the tracks' labels stand for.
    """
    right = total = 0
    for moment in moments:
        seen = moment.tracks[moment.tracks.lost_s == 0]
        for row, column in matches(moment.truth.box, seen.box, least_iou):
            total += 1
            right += labels[int(seen.label[column])] == LABELS[int(moment.truth.label[row])]
    return right / total if total else 1.0


def forecast_errors(moments: Sequence[Moment], least_iou: float) -> F32:
    """Mean distance (K,) between forecast and true centre at each horizon, in heights of the object; NaN = none.

    A forecast is compared with the object that its track was on when it was made, while that is still in the picture.
    The error at the last horizon is the usual FDE, the mean over the horizons the ADE.
    """
    horizons = moments[0].forecasts.horizon_s if moments else np.zeros(0, np.float32)
    errors: list[list[float]] = [[] for _ in horizons]
    times = np.array([moment.t_s for moment in moments])
    for moment in moments:
        for row, column in matches(moment.truth.box, moment.tracks.box, least_iou):
            for k, horizon_s in enumerate(horizons.tolist()):
                later = int(np.abs(times - moment.t_s - horizon_s).argmin())
                if abs(times[later] - moment.t_s - horizon_s) <= _TOO_FAR_S:
                    errors[k] += _error(moment.truth.id[row], moments[later].truth, moment.forecasts.box[column, k])
    return np.array([np.mean(error) if error else np.nan for error in errors], np.float32)


def _error(identity: I64, truth: Truth, box: F32) -> list[float]:
    """Distance of the centres in heights of the object, as a list of one; empty where the object is gone."""
    rows = np.flatnonzero(truth.id == identity)
    if len(rows) == 0:
        return []
    there = truth.box[rows[0]]
    return [float(np.linalg.norm(centre(there) - centre(box)) / max(float(there[3] - there[1]), 1e-6))]
