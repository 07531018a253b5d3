"""Clips to run the whole chain on, made on the spot."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, FPS = 320, 240, 10.0
EMPTY, CROSSING = 15, 30  # frames of nothing, then of somebody who walks from left to right
FRAMES = EMPTY + CROSSING + EMPTY


@dataclass(frozen=True, slots=True)
class Figure:
    """Somebody who walks from left to right."""

    colour: tuple[int, int, int] = (40, 220, 240)
    top: int = 100  # px


def walker(path: Path) -> Path:
    """A Motion JPEG clip (.avi) of 6 s: a still scene that one bright figure crosses."""
    return walkers(path, [Figure()], EMPTY)


def walkers(path: Path, figures: Sequence[Figure], empty: int) -> Path:
    """A still scene that figures cross, one after another, with so many empty frames before and after each."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    assert writer.isOpened()
    scene = np.random.default_rng(1).integers(60, 100, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    scene = cv2.resize(scene, (WIDTH, HEIGHT))
    for figure in figures:
        for step in range(-empty, CROSSING + empty):
            picture = scene.copy()
            if 0 <= step < CROSSING:
                left = round((WIDTH - 30) * step / (CROSSING - 1))
                picture[figure.top : figure.top + 90, left : left + 30] = figure.colour
            writer.write(picture)
    writer.release()
    return path


def truncated(whole: Path, path: Path, share: float) -> Path:
    """The first part of a file."""
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
