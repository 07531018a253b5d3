"""A clip divided by time: what comes last is only reported on, and a gap keeps one moment from being in both parts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.boxes import centre
from edge.contracts.types import F32
from trainer.adapt.looks import Labelled
from trainer.adapt.settings import FootageSettings

MOVED = 0.5  # of its own size: an object that moved less in all the clip stands still, and is in every frame


@dataclass(frozen=True, slots=True)
class Division:
    """Seconds of a clip: trained on up to `train_s`, reported on from `held_out_s`, in between nothing."""

    train_s: float
    held_out_s: float

    def part(self, t_s: float) -> str:
        """`train`, `test`, or "" in the gap."""
        if t_s >= self.held_out_s:
            return "test"
        return "train" if t_s < self.train_s else ""

    def words(self) -> str:
        """The division for people."""
        return (
            f"trained on up to {self.train_s:.1f} s, reported on from {self.held_out_s:.1f} s, "
            f"{self.held_out_s - self.train_s:.1f} s between them left out"
        )


def divide_clip(labelled: Sequence[Labelled], settings: FootageSettings) -> Division:
    """Where a clip is cut.

    The gap is `gap_s` long, or longer, up to `longest_gap_s` and half of what comes before, while an object that moves
    is on both sides of it: the same pass of the same object would be learnt from and reported on. Objects that stand
    still (parked cars) are on both sides of any gap.
    """
    if not labelled:
        return Division(0.0, 0.0)
    held_out_s = labelled[-1].t_s * (1 - settings.held_out_share)
    earliest_s = max(held_out_s - settings.longest_gap_s, held_out_s / 2)
    train_s = min(held_out_s, max(held_out_s - settings.gap_s, held_out_s / 2))
    for first_s, last_s in _movers(labelled):
        if last_s >= held_out_s and first_s < train_s:
            train_s = max(first_s, earliest_s)
    return Division(train_s, held_out_s)


def _movers(labelled: Sequence[Labelled]) -> list[tuple[float, float]]:
    """First and last moment, in seconds, of each object that moves, the last to come first."""
    track = np.concatenate([frame.track for frame in labelled])
    t_s = np.repeat([frame.t_s for frame in labelled], [len(frame.track) for frame in labelled])
    box = np.concatenate([frame.box for frame in labelled])
    spans = []
    for number in np.unique(track):
        own = track == number
        if _moved(box[own]):
            spans.append((float(t_s[own][0]), float(t_s[own][-1])))
    return sorted(spans, reverse=True)


def _moved(box: F32) -> bool:
    """Whether the centre of some boxes (K, 4) went farther than a share of their size."""
    reach = np.ptp(centre(box), axis=0) / np.maximum((box[:, 2:] - box[:, :2]).mean(axis=0), np.float32(1e-6))
    return bool((reach > MOVED).any())
