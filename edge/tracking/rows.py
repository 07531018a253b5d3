"""The memory of the tracker: one row per object, as columns.

Lengths are in frame heights and times in seconds, so that right and down count alike at every frame rate.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.types import F32, F64, I64, Detections, Mask, Tracks

LONGEST_MISS_S = 0.5  # that one look can add: a still scene is looked at every few seconds only
JITTER = 0.1  # share by which two boxes of the past may be nearer to each other than they should
MOST_VOTES = 5.0  # of one label: so many detections of another, of score 1, change a track's label


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """All objects that are held, oldest first. Columns are replaced, never written into: results share them."""

    id: I64  # (T,)
    mean: F64  # (T, 2, 2, 2) [position | velocity, centre | size, x | y]
    cov: F64  # (T, 2, 3) [centre | size, (pp, pv, vv)]
    score: F32  # (T,) of the newest detection
    label: I64  # (T,)
    votes: F64  # (T,) for the label
    born_s: F64  # (T,)
    seen_s: F64  # (T,)
    missed_s: F64  # (T,) for which looks have not found it; long pauses between looks count little
    sure: Mask  # (T,) trusted to be an object, hence told
    past: F32  # (T, H, 4) boxes in frame fractions, spread over some seconds, newest last, NaN where younger
    past_s: F64  # (T, H)

    def __len__(self) -> int:
        return len(self.id)

    def __getitem__(self, rows: Mask | I64) -> Self:
        """Only the chosen rows."""
        return type(self)(*(getattr(self, name)[rows] for name in self.__slots__))

    def join(self, other: Self) -> Self:
        """These rows and then the other's."""
        return type(self)(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in self.__slots__))

    def seen(
        self, rows: I64, found: Detections, times: tuple[float, float], motion: tuple[F64, F64], spacing_s: float
    ) -> Self:
        """After a look that found some of them again, which makes those sure.

        Args:
            rows: which ones.
            found: as what, row by row.
            times: of the look before and of this one, seconds.
            motion: mean and covariance of all rows, replacing those they have.
            spacing_s: between two boxes of the past; the newest one is always kept.
        """
        looked_s, t_s = times
        score, seen_s, sure = self.score.copy(), self.seen_s.copy(), self.sure.copy()
        missed_s = self.missed_s + min(t_s - looked_s, LONGEST_MISS_S)
        past, past_s = self._remembered(rows, found.box, t_s, spacing_s)
        score[rows], seen_s[rows], sure[rows], missed_s[rows] = found.score, t_s, True, 0
        label, votes = self._vote(rows, found)
        return type(self)(self.id, *motion, score, label, votes, self.born_s, seen_s, missed_s, sure, past, past_s)

    def _remembered(self, rows: I64, box: F32, t_s: float, spacing_s: float) -> tuple[F32, F64]:
        """The past with the newest boxes. The one before stays if it is far enough from its own predecessor."""
        past, past_s = self.past.copy(), self.past_s.copy()
        before = past_s[rows, -2:]
        stays = rows[~(before[:, -1] - before[:, 0] < (1 - JITTER) * spacing_s)]
        if len(stays):
            past[stays, :-1], past_s[stays, :-1] = past[stays, 1:], past_s[stays, 1:]
        past[rows, -1], past_s[rows, -1] = box, t_s
        return past, past_s

    def _vote(self, rows: I64, found: Detections) -> tuple[I64, F64]:
        """Labels by majority of the scores (Boyer and Moore's one-counter vote): detectors waver, tracks should not."""
        votes = self.votes.copy()
        same = found.label == self.label[rows]
        votes[rows] += np.where(same, found.score, -found.score)
        np.minimum(votes, MOST_VOTES, out=votes)
        if same.all():
            return self.label, votes
        label = self.label.copy()
        lost = votes[rows] < 0
        label[rows[lost]] = found.label[lost]
        return label, np.abs(votes)

    @classmethod
    def empty(cls, history: int) -> Self:
        """No object."""
        none, ids = np.zeros(0), np.zeros(0, np.int64)
        past, score = np.zeros((0, history, 4), np.float32), np.zeros(0, np.float32)
        mean, cov, sure = np.zeros((0, 2, 2, 2)), np.zeros((0, 2, 3)), np.zeros(0, bool)
        return cls(ids, mean, cov, score, ids, none, none, none, none, sure, past, np.zeros((0, history)))


def isotropic(box: F32, aspect: float) -> F64:
    """Centre and size (N, 2, 2) in frame heights of boxes (N, 4) in frame fractions."""
    corner = box.reshape(-1, 2, 2) * np.array([aspect, 1.0])
    state = np.empty_like(corner)
    state[:, 0], state[:, 1] = (corner[:, 0] + corner[:, 1]) * 0.5, corner[:, 1] - corner[:, 0]
    return state


def to_tracks(rows: Rows, looked_s: float, t_s: float, aspect: float) -> Tracks:
    """What is told at `t_s` of rows last looked for at `looked_s`, in frame fractions.

    One number stands for the spread along both axes, whose fractions differ in length: the root mean square of both.
    """
    centre, half = rows.mean[:, :, 0], rows.mean[:, :, 1] * 0.5
    edges = np.concatenate([centre - half, centre + half], axis=2) / np.array([aspect, 1.0, aspect, 1.0])
    edges = edges.astype(np.float32)
    spread = np.sqrt(rows.cov[:, 0] * (0.5 + 0.5 / aspect**2)).astype(np.float32)
    return Tracks(
        id=rows.id,
        box=edges[:, 0],
        velocity=edges[:, 1],
        score=rows.score,
        label=rows.label,
        seen_s=(t_s - rows.born_s).astype(np.float32),
        lost_s=(looked_s - rows.seen_s).astype(np.float32),
        sigma=spread[:, 0],
        velocity_sigma=spread[:, 2],
        history=rows.past,
        history_age_s=(t_s - rows.past_s).astype(np.float32),
    )
