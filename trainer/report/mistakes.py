"""The worst mistakes as pictures. Of detectors: right boxes green, wrong ones red, missed objects yellow."""

from dataclasses import dataclass

import cv2
import numpy as np

from edge.contracts.types import F32, U8, Mask
from edge.drawing import Colour, caption, to_pixels
from trainer.data.dataset import Picture
from trainer.evaluate.classification import Classification
from trainer.evaluate.confusion import Outcome, wrongness
from trainer.evaluate.evaluation import Evaluation
from trainer.evaluate.running import read_pixels

MOST = 12
WIDTH_PX = 480
JPEG_QUALITY = 80
RIGHT: Colour = (80, 170, 60)
WRONG: Colour = (60, 60, 220)
MISSED: Colour = (40, 200, 240)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One picture with its boxes, and what is wrong in it."""

    name: str
    text: str
    jpeg: bytes


def worst_mistakes(evaluation: Evaluation, most: int = MOST) -> tuple[Mistake, ...]:
    """The pictures with the gravest mistakes, gravest first; none where there are no mistakes."""
    pairs = list(zip(evaluation.dataset.pictures, evaluation.outcomes, strict=True))
    weights = [wrongness(picture, one) for picture, one in pairs]
    order = [index for index in np.argsort(weights)[::-1].tolist() if weights[index] > 0]
    shown = []
    for index in order[:most]:
        picture, one = pairs[index]
        pixels = read_pixels(picture.path)
        if pixels is not None:
            drawn = _drawn(pixels, picture, one, evaluation.dataset.labels)
            shown.append(Mistake(picture.path.name, _words(picture, one), _jpeg(drawn)))
    return tuple(shown)


def wrong_answers(scored: Classification, most: int = MOST) -> tuple[Mistake, ...]:
    """The pictures that a classifier is wrong about, the surest mistakes first."""
    wrong, labels, shown = np.flatnonzero(~scored.right), (*scored.dataset.labels, "nothing"), []
    for index in wrong[np.argsort(-scored.score[wrong], kind="stable")][:most].tolist():
        picture = scored.dataset.pictures[index]
        pixels = read_pixels(picture.path)
        if pixels is not None:
            text = f"is {labels[scored.truth[index]]}, taken for {labels[scored.answer[index]]}"
            shown.append(Mistake(picture.path.name, f"{text} ({scored.score[index]:.2f})", _jpeg(_scaled(pixels))))
    return tuple(shown)


def _jpeg(canvas: U8) -> bytes:
    _, data = cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()


def _scaled(pixels: U8) -> U8:
    scale = WIDTH_PX / pixels.shape[1]
    size = (WIDTH_PX, max(round(pixels.shape[0] * scale), 1))
    canvas: U8 = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return canvas


def _drawn(pixels: U8, picture: Picture, one: Outcome, labels: tuple[str, ...]) -> U8:
    canvas = _scaled(pixels)
    for row in one.missed.tolist():
        _frame(canvas, picture.box[row], labels[picture.label[row]], MISSED)
    right = _right(picture, one)
    for row in np.argsort(right)[::-1].tolist():  # the wrong ones on top
        name = f"{labels[one.found.label[row]]} {one.found.score[row]:.2f}"
        _frame(canvas, one.found.box[row], name, RIGHT if right[row] else WRONG)
    return canvas


def _frame(canvas: U8, box: F32, name: str, colour: Colour) -> None:
    top_left, bottom_right = to_pixels(box, canvas)
    cv2.rectangle(canvas, top_left, bottom_right, colour, 2, cv2.LINE_AA)
    caption(canvas, name, top_left, colour)


def _right(picture: Picture, one: Outcome) -> Mask:
    return np.append(picture.label, -1)[one.truth] == one.found.label


def _words(picture: Picture, one: Outcome) -> str:
    right = int(_right(picture, one).sum())
    return f"{right} right, {len(one.found) - right} wrong, {len(one.missed)} missed"
