"""A street with people, cars and bicycles, drawn picture by picture, and the exact truth about each picture.

The same seed gives the same street and traffic at any size; the same seed, size and rate give the same pixels.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from edge.contracts.types import F32, U8
from edge.demo.backdrop import backdrop, ground_depth
from edge.demo.furniture import stand
from edge.demo.shapes import Sprite, darken, lay
from edge.demo.traffic import Passer, Traffic
from edge.demo.truth import Truth
from edge.demo.view import View

Rectangle = tuple[int, int, int, int]
SOLID = 128  # of 255: from here on a pixel belongs to a silhouette


@dataclass(frozen=True, slots=True)
class Weather:
    """What the camera adds to the scene."""

    noise: float = 2.0  # standard deviation of the sensor noise, of 255
    drift: float = 0.06  # the light swings by this share
    drift_period_s: float = 90.0


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """One moment as it is, before a camera adds to it."""

    picture: U8  # (h, w, 3) BGR
    owner: U8  # (h, w) whose silhouette a pixel belongs to: 1 + row of `passers`, 0 = nobody's
    passers: list[Passer]  # farthest first


class Street:
    """Draws one street; `at` may be asked for any time, in rising order."""

    def __init__(
        self,
        seed: int,
        size: tuple[int, int] = (1280, 720),
        weather: Weather | None = None,
        *,
        view: View | None = None,
        parked: bool = False,
    ) -> None:
        """Build the empty street.

        Args:
            seed: decides houses, traffic and noise.
            size: width and height of the pictures, pixels.
            weather: noise and light; None = the usual.
            view: a camera elsewhere, of its own size; None = the usual one.
            parked: whether the parked car is told of in the truth, as a detector sees it; motion never does.
        """
        self._seed = seed
        self._view = view or View(*size)
        self._weather = weather or Weather()
        rng = np.random.default_rng((seed, 1 << 20))
        self._empty = backdrop(self._view, rng)
        self._things = stand(self._empty, self._view, rng, parked=not parked)
        self._grain = _grain(rng, self._view, self._weather.noise)
        self._traffic = Traffic(seed, self._view, parked=parked)

    def frames(self, fps: float) -> Iterator[tuple[U8, float, Truth]]:
        """Picture (h, w, 3) BGR, time in seconds and truth, `fps` times a second, without end."""
        count = 0
        while True:
            pixels, truth = self.at(count / fps)
            yield pixels, count / fps, truth
            count += 1

    def at(self, t_s: float) -> tuple[U8, Truth]:
        """The picture at `t_s` >= 0 and what is in it."""
        scene = self.scene(t_s)
        return self._exposed(scene.picture, t_s), truth_of(scene.passers, scene.owner)

    def scene(self, t_s: float) -> Scene:
        """What there is at `t_s` >= 0, without noise, and who covers which pixels."""
        passers = self._traffic.at(t_s)
        picture, owner = self._empty.copy(), np.zeros((self._view.height, self._view.width), np.uint8)
        touched = [area for passer in passers if (area := darken(picture, passer.shadow)) is not None]
        things = list(self._things)
        for row, passer in enumerate(passers):
            while things and things[0].z > passer.z:
                _restand(picture, self._empty, owner, things.pop(0).sprite, touched)
            if (area := lay(picture, passer.sprite)) is not None:
                touched.append(area)
                _own(owner, passer, area, row + 1)
        for thing in things:
            _restand(picture, self._empty, owner, thing.sprite, touched)
        return Scene(picture, owner, passers)

    def depth(self) -> F32:
        """(h, w) metres to what is seen where nobody passes."""
        depth = ground_depth(self._view)
        for thing in self._things:
            sprite = thing.sprite
            left, top = max(sprite.left, 0), max(sprite.top, 0)
            below, beyond = max(sprite.top + sprite.cover.shape[0], 0), max(sprite.left + sprite.cover.shape[1], 0)
            part = depth[top:below, left:beyond]
            solid = sprite.cover[top - sprite.top :, left - sprite.left :][: part.shape[0], : part.shape[1]] >= SOLID
            part[solid] = thing.z
        return depth

    def _exposed(self, picture: U8, t_s: float) -> U8:
        """The picture as a camera gives it: with the light of the moment and noise."""
        weather = self._weather
        gain = 1 + weather.drift * math.sin(2 * math.pi * t_s / weather.drift_period_s + self._seed)
        if abs(gain - 1) > 1e-6:
            picture = cv2.convertScaleAbs(picture, alpha=gain)
        if weather.noise <= 0:
            return picture
        more, less, spare = self._grain
        rng = np.random.default_rng((self._seed, round(t_s * 1e6)))
        rows, columns = rng.integers(spare), rng.integers(spare)
        window = np.s_[rows : rows + picture.shape[0], columns : columns + picture.shape[1]]
        return cv2.subtract(cv2.add(picture, more[window]), less[window])


def _own(owner: U8, passer: Passer, area: Rectangle, number: int) -> None:
    """Mark the pixels of a sprite as its own, in place."""
    left, top, right, bottom = area
    shown = passer.sprite.cover[top - passer.sprite.top : bottom - passer.sprite.top]
    shown = shown[:, left - passer.sprite.left : right - passer.sprite.left]
    owner[top:bottom, left:right][shown >= SOLID] = number


def _restand(picture: U8, empty: U8, owner: U8, thing: Sprite, touched: list[Rectangle]) -> None:
    """Bring a standing thing back to the front where something was drawn behind it, in place."""
    height, width = picture.shape[:2]
    left, top = max(thing.left, 0), max(thing.top, 0)
    right = min(thing.left + thing.cover.shape[1], width)
    bottom = min(thing.top + thing.cover.shape[0], height)
    if any(a[0] < right and a[2] > left and a[1] < bottom and a[3] > top for a in touched):
        solid = thing.cover[top - thing.top : bottom - thing.top, left - thing.left : right - thing.left] >= SOLID
        there = np.s_[top:bottom, left:right]
        picture[there][solid] = empty[there][solid]
        owner[there][solid] = 0


def truth_of(passers: list[Passer], owner: U8) -> Truth:
    """Boxes around the solid pixels of each silhouette, and how much of it is seen."""
    height, width = owner.shape
    ids, labels, boxes, shares = [], [], [], []
    for row, passer in enumerate(passers):
        left, top, wide, high = cv2.boundingRect((passer.sprite.cover >= SOLID).astype(np.uint8))
        x, y = left + passer.sprite.left, top + passer.sprite.top
        box = (max(x, 0), max(y, 0), min(x + wide, width), min(y + high, height))
        if box[0] >= box[2] or box[1] >= box[3]:
            continue
        seen = np.count_nonzero(owner[box[1] : box[3], box[0] : box[2]] == row + 1)
        ids.append(passer.id)
        labels.append(passer.label)
        boxes.append(box)
        shares.append(seen / np.count_nonzero(passer.sprite.cover >= SOLID))
    fractions = np.array(boxes, np.float32).reshape(-1, 4) / np.array((width, height, width, height), np.float32)
    return Truth(
        np.array(ids, np.int64), np.array(labels, np.int64), fractions.astype(np.float32), np.array(shares, np.float32)
    )


def _grain(rng: np.random.Generator, view: View, noise: float) -> tuple[U8, U8, int]:
    """What noise adds and takes away, on sheets so much larger than the picture that windows of them differ."""
    spare = 61
    normal = rng.standard_normal((view.height + spare, view.width + spare, 3), np.float32)
    steps = np.rint(normal * noise)
    more, less = np.clip(steps, 0, 255).astype(np.uint8), np.clip(-steps, 0, 255).astype(np.uint8)
    return more, less, spare
