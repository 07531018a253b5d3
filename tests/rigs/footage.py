"""Small clips of the rendered street for the trainer's tests, with a teacher that is given the truth to work from."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from edge.contracts.types import F32, U8, Detections
from edge.demo.street import Street, Weather
from edge.demo.truth import LABELS, Truth
from trainer.adapt.looks import Look

SIZE, FPS = (320, 180), 10.0
CALM = Weather(noise=0.0, drift=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A clip and what is in its frames."""

    path: Path
    truth: tuple[Truth, ...]


def street_clip(path: Path, frames: int, seed: int = 1) -> Rendered:
    """So many frames of the street, ten a second, in a file."""
    made = [
        (pixels, truth)
        for _, (pixels, _, truth) in zip(range(frames), Street(seed, SIZE, CALM).frames(FPS), strict=False)
    ]
    write_clip(path, [pixels for pixels, _ in made])
    return Rendered(path, tuple(truth for _, truth in made))


def write_clip(path: Path, pictures: list[U8]) -> None:
    """Pictures of one size (h, w, 3) as a video file."""
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (width, height))
    assert writer.isOpened()
    for pixels in pictures:
        writer.write(pixels)
    writer.release()


def seen(boxes: list[list[float]], score: float | list[float] = 0.9, label: int | list[int] = 0) -> Detections:
    """Detections with these boxes."""
    n = len(boxes)
    columns = (np.broadcast_to(np.asarray(score, np.float32), n), np.broadcast_to(np.asarray(label, np.int64), n))
    return Detections(np.array(boxes, np.float32).reshape(n, 4), columns[0].copy(), columns[1].copy())


def walk(count: int, score: float = 0.9, speed: float = 0.2) -> list[Look]:
    """Someone who walks to the right, ten looks a second."""
    return [Look(n / FPS, seen([walker(n / FPS, speed)], score)) for n in range(count)]


def walker(t_s: float, speed: float = 0.2) -> list[float]:
    """Where the walker is."""
    left = 0.1 + speed * t_s
    return [left, 0.4, left + 0.06, 0.6]


def knowing(rendered: Rendered, also: Detections) -> Callable[[U8], Detections]:
    """A teacher that finds what is to be seen of the street, and something else, asked about every frame in turn."""
    rest = iter(rendered.truth)

    def see(pixels: U8) -> Detections:
        truth = next(rest)
        shown = truth.visible >= 0.3
        box: F32 = np.concatenate([truth.box[shown], also.box])
        score = np.append(np.full(int(shown.sum()), 0.9, np.float32), also.score)
        return Detections(box, score, np.append(truth.label[shown], also.label))

    return see


STREET_LABELS = LABELS
