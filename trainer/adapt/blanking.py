"""Areas of which nothing is known are blanked in pictures that are learnt from: no label there means nothing then.

A labelled picture has objects and background only. What the teacher is unsure of is neither, so its pixels go: grey,
as the network's own letterbox margins are. What is labelled stays whole where it overlaps such an area.
"""

import numpy as np

from edge.contracts.types import F32, U8

GREY = 114


def blanked(pixels: U8, unsure: F32, box: F32) -> U8:
    """A copy of a picture (h, w, 3) with the areas `unsure` (M, 4) blanked but for the boxes (N, 4) of its labels."""
    out = pixels.copy()
    for left, top, right, bottom in _inside(unsure, pixels):
        out[top:bottom, left:right] = GREY
    for left, top, right, bottom in _inside(box, pixels):
        out[top:bottom, left:right] = pixels[top:bottom, left:right]
    return out


def _inside(box: F32, pixels: U8) -> list[list[int]]:
    """Boxes (N, 4) as whole pixels that hold them."""
    scaled = np.clip(box, 0, 1) * (np.array(pixels.shape[1::-1] * 2, np.float32))
    whole = np.concatenate([np.floor(scaled[:, :2]), np.ceil(scaled[:, 2:])], axis=1)
    rows: list[list[int]] = whole.astype(int).tolist()
    return rows
