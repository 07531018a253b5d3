"""A clip as the teacher sees it: what it found in each frame that shows anything new, and which frames are kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np

from edge.contracts.types import I64, U8, Detections, Mask
from trainer.adapt.changes import Changes
from trainer.adapt.footage import Clip, Shot, shots
from trainer.adapt.looks import Look
from trainer.adapt.settings import FootageSettings

Seeing = Callable[[U8], Detections]  # what a teacher finds in a frame (h, w, 3) BGR


@dataclass(frozen=True, slots=True, eq=False)
class Watched:
    """L looks at one clip."""

    clip: Clip
    width: int  # of its frames, pixels
    height: int
    looks: tuple[Look, ...]
    number: I64  # (L,) of each look's frame in the file
    kept: Mask  # (L,) whether its frame is worth a picture of the data set


def watch(clip: Clip, see: Seeing, settings: FootageSettings, moved: Callable[[float], None]) -> Watched:
    """Look at a clip from its beginning to its end.

    Args:
        clip: the clip.
        see: asked about every frame that differs from the last one it saw.
        settings: of the footage.
        moved: told the time of the clip, seconds.

    Raises:
        TrainError: nothing of the clip can be decoded.
        ModelError: the teacher failed.
    """
    looks, number, kept = [], [], []
    frames = shots(clip, settings)
    first = next(frames)
    for shot, worth in _new(chain([first], frames), settings):
        looks.append(Look(shot.t_s, see(shot.pixels)))
        number.append(shot.number)
        kept.append(worth)
        moved(shot.t_s)
    height, width = first.pixels.shape[:2]
    return Watched(clip, width, height, tuple(looks), np.array(number, np.int64), np.array(kept, bool))


def _new(frames: Iterator[Shot], settings: FootageSettings) -> Iterator[tuple[Shot, bool]]:
    """Frames that differ from the one before of them, and whether they differ from the last that was kept, too."""
    looked, kept = Changes(), Changes()
    looked_s = kept_s = -np.inf
    for shot in frames:
        if looked.share(shot.pixels) < settings.changed_share and shot.t_s - looked_s < settings.still_s:
            continue
        looked.take(shot.pixels)
        looked_s = shot.t_s
        worth = shot.t_s - kept_s >= settings.keep_s - 1e-6
        worth = worth and (kept.share(shot.pixels) >= settings.changed_share or shot.t_s - kept_s >= settings.still_s)
        if worth:
            kept.take(shot.pixels)
            kept_s = shot.t_s
        yield shot, worth
