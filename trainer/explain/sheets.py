"""Drawing for the pages of `explain`: rows of patches, kernels, heat."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.contracts.types import F32, U8
from edge.drawing import Colour, caption, to_pixels
from trainer.explain.pictures import enlarged

PATCH_PX, GAP_PX, NAME_PX = 92, 4, 74
PAPER = 24
JPEG_QUALITY = 88
_BOX: Colour = (255, 255, 255)
_INK = (220, 220, 220)


def patch_rows(rows: Sequence[tuple[str, Sequence[U8]]], gap_after: int = 0) -> U8:
    """Square patches (n, n, 3) in rows, a name before each; a wider gap after the column `gap_after`."""
    columns = max((len(patches) for _, patches in rows), default=0)
    each, extra = PATCH_PX + GAP_PX, 3 * GAP_PX if gap_after else 0
    sheet = np.full((len(rows) * each + GAP_PX, NAME_PX + columns * each + extra, 3), PAPER, np.uint8)
    for row, (name, patches) in enumerate(rows):
        top = row * each + GAP_PX
        _write(sheet, name, (6, top + PATCH_PX // 2 + 4))
        for column, patch in enumerate(patches):
            left = NAME_PX + column * each + (extra if gap_after and column >= gap_after else 0)
            sheet[top : top + PATCH_PX, left : left + PATCH_PX] = enlarged(patch, PATCH_PX)
    return sheet


def kernel_sheet(kernels: F32, columns: int = 8) -> U8:
    """First-layer kernels (k, k, 3, C), RGB, each stretched over black to white: grey is 0."""
    tiles = []
    for index in range(kernels.shape[-1]):
        kernel = kernels[..., index]
        reach = max(float(np.abs(kernel).max()), 1e-9)
        tiles.append(np.rint((kernel[..., ::-1] / reach + 1) * 127.5).astype(np.uint8))
    rows = [(f"{start}", tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return patch_rows(rows)


def overlay(pixels: U8, heat: F32, longest_px: int) -> U8:
    """A picture in grey under its heat (h, w) 0..1; cool parts stay as they are."""
    small = shrunk(pixels, longest_px)
    warm = np.clip(cv2.resize(heat, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_LINEAR), 0, 1)
    colours = cv2.applyColorMap((warm * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    share = (0.65 * warm**0.7)[..., None]
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.rint(grey * 0.85 * (1 - share) + colours * share).astype(np.uint8)


def framed(canvas: U8, box: F32, text: str) -> None:
    """Draw a box (4,), fractions, and its caption into a picture."""
    top_left, bottom_right = to_pixels(box, canvas)
    cv2.rectangle(canvas, top_left, bottom_right, _BOX, 2, cv2.LINE_AA)
    caption(canvas, text, top_left, _BOX)


def shrunk(pixels: U8, longest_px: int) -> U8:
    """A picture whose longer side is at most so long."""
    ratio = longest_px / max(pixels.shape[:2])
    if ratio >= 1:
        return pixels
    size = (max(round(pixels.shape[1] * ratio), 1), max(round(pixels.shape[0] * ratio), 1))
    made: U8 = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return made


def encoded(pixels: U8, suffix: str) -> bytes:
    """A picture as a file: `.png` exactly, `.jpg` small."""
    _, data = cv2.imencode(suffix, pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix == ".jpg" else [])
    return data.tobytes()


def _write(sheet: U8, text: str, at: tuple[int, int]) -> None:
    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, _INK, 1, cv2.LINE_AA)
