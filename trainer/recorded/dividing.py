"""Divides recorded scenes into parts for training, validation and judging that share no track."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trainer.errors import TrainError
from trainer.recorded.scene import Scene

NAMES = ("train", "val", "test")
SHARES = (0.7, 0.15, 0.15)
FEW = 4  # scenes: fewer are cut in time
QUIET_S = 60.0  # in which nobody was seen: longer, and nobody was looking, or the clock was set


@dataclass(frozen=True, eq=False, slots=True)
class Parts:
    """Scenes by part; `how` says in words how they were divided."""

    train: tuple[Scene, ...]
    val: tuple[Scene, ...]
    test: tuple[Scene, ...]
    how: str


def divided(scenes: Sequence[Scene]) -> Parts:
    """The parts that the data names; else whole scenes, the last ones held out; of few scenes, the last part of each.

    Raises:
        TrainError: the tracks do not suffice for three parts.
    """
    if any(scene.part for scene in scenes):
        return _whole([[one for one in scenes if one.part == name] for name in NAMES], "as the data is divided")
    if len(scenes) >= FEW:
        held = max(1, round(len(scenes) * SHARES[2]))
        begin, end = len(scenes) - 2 * held, len(scenes) - held
        return _whole([scenes[:begin], scenes[begin:end], scenes[end:]], "by scene, the last ones held out")
    pieces = [_in_time(scene) for scene in scenes]
    return _whole(
        [[piece[place] for piece in pieces if piece[place].tracks] for place in range(len(NAMES))],
        "in time: each track belongs to the part in which it begins, the last part of each scene is held out",
    )


def before_and_after(scene: Scene, share: float) -> tuple[Scene, Scene]:
    """The tracks that begin in the first share of a scene, and the others."""
    early, late = _pieces(scene, (share,))
    return early, late


def _whole(parts: Sequence[Sequence[Scene]], how: str) -> Parts:
    empty = [name for name, part in zip(NAMES, parts, strict=True) if not any(scene.tracks for scene in part)]
    if empty:
        raise TrainError(
            f"no track is left for {' and '.join(empty)} (divided {how}); record for longer, or more scenes"
        )
    train, val, test = (tuple(part) for part in parts)
    return Parts(train, val, test, how)


def _in_time(scene: Scene) -> tuple[Scene, ...]:
    return tuple(
        replace(piece, name=f"{scene.name}/{name}")
        for name, piece in zip(NAMES, _pieces(scene, (SHARES[0], SHARES[0] + SHARES[1])), strict=True)
    )


def _pieces(scene: Scene, shares: Sequence[float]) -> tuple[Scene, ...]:
    """The scene's tracks by when they begin. A track is never in two pieces, and no earlier piece begins later."""
    ends = (*_when(scene, shares), float("inf"))
    begins = (float("-inf"), *ends[:-1])
    return tuple(
        replace(scene, tracks=tuple(track for track in scene.tracks if begin <= track.t_s[0] < end))
        for begin, end in zip(begins, ends, strict=True)
    )


def _when(scene: Scene, shares: Sequence[float]) -> list[float]:
    """By when such shares of the time had passed in which the scene was watched.

    A pause between two recordings, or a jump of the clock, counts for nothing: else one that is long would leave all
    tracks on one side of it.
    """
    if not scene.tracks:
        return [0.0 for _ in shares]
    times = np.unique(np.concatenate([track.t_s for track in scene.tracks]))
    passed_s = np.diff(times)
    watched_s = np.concatenate([[0.0], np.where(passed_s > QUIET_S, 0.0, passed_s).cumsum()])
    return np.interp(np.array(shares) * watched_s[-1], watched_s, times).tolist()
