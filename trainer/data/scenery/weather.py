"""Fog, rain and snow over a picture whose distances are known."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.random import Generator

from edge.contracts.types import F32
from edge.demo.backdrop import FACADE_Z
from trainer.data.scenery.look import Air

Weathered = Callable[[F32, F32, F32, float, Generator], F32]
_GREY = np.array([0.299, 0.587, 0.114], np.float32)[::-1]


def weathered(picture: F32, depth: F32, bare: F32, air: Air, strength: float, random: Generator) -> F32:
    """The picture (h, w, 3), 0..255, in that weather.

    Args:
        picture: in clear air.
        depth: (h, w) metres, passers included.
        bare: (h, w) 0..1, the ground where nobody and nothing stands.
        air: the weather.
        strength: how bad it is, 0..1.
        random: where drops and flakes are.
    """
    return AIRS[air](picture, depth, bare, strength, random)


def _clear(picture: F32, _depth: F32, _bare: F32, _strength: float, _random: Generator) -> F32:
    return picture


def _fog(picture: F32, depth: F32, _bare: F32, strength: float, _random: Generator) -> F32:
    """Light fades over distance into the colour of the air (Koschmieder, 1924)."""
    return _veiled(picture, depth, 0.008 + 0.03 * strength, 0.85)


def _rain(picture: F32, depth: F32, bare: F32, strength: float, random: Generator) -> F32:
    """Dull light, a dark wet ground, a thin veil, streaks."""
    dull = _faded(picture, 0.35 + 0.3 * strength) * (1 - 0.25 * strength * bare[..., None])
    veiled = _veiled(dull, depth, 0.004 + 0.006 * strength, 0.7)
    height, width = depth.shape
    streaks = np.zeros((height, width), np.uint8)
    slant = float(random.uniform(-0.25, 0.25))
    for _ in range(int((120 + 380 * strength) * width / 640)):
        x, y = float(random.uniform(0, width)), float(random.uniform(-20, height))
        long = float(random.uniform(0.02, 0.06)) * height
        cv2.line(
            streaks,
            (int(x), int(y)),
            (int(x + slant * long), int(y + long)),
            int(random.integers(60, 190)),
            1,
            cv2.LINE_AA,
        )
    return _over(veiled, cv2.GaussianBlur(streaks, (0, 0), 0.6), 0.55, 0.75)


def _snow(picture: F32, depth: F32, bare: F32, strength: float, random: Generator) -> F32:
    """Ground under a patchy cover, a veil, flakes of all sizes."""
    height, width = depth.shape
    patches = cv2.resize(random.uniform(-0.5, 0.5, (9, 16)).astype(np.float32), (width, height))
    cover = np.clip(strength * 1.2 - 0.2 + patches * 0.6, 0, 0.85)[..., None] * bare[..., None]
    bright = float((picture @ _GREY).mean())
    white = np.array([1.0, 0.98, 0.96], np.float32) * min(1.9 * bright, 240)
    veiled = _veiled(_faded(picture, 0.3) * (1 - cover) + white * cover, depth, 0.004 + 0.012 * strength, 0.8)
    flakes = np.zeros((height, width), np.uint8)
    for _ in range(int((100 + 400 * strength) * width / 640)):
        middle = (int(random.integers(width)), int(random.integers(height)))
        radius = 1 if random.random() < 0.85 else 2
        cv2.circle(flakes, middle, radius, int(random.integers(90, 255)), -1, cv2.LINE_AA)
    return _over(veiled, cv2.GaussianBlur(flakes, (0, 0), 0.7), 0.9, 1.1)


AIRS: Mapping[Air, Weathered] = {Air.CLEAR: _clear, Air.FOG: _fog, Air.RAIN: _rain, Air.SNOW: _snow}


def _faded(picture: F32, share: float) -> F32:
    """Less colourful."""
    grey = (picture @ _GREY)[..., None]
    return picture + (grey - picture) * np.float32(share)


def _veiled(picture: F32, depth: F32, per_metre: float, lightness: float) -> F32:
    """Air between camera and street; it is as bright as the sky is."""
    sky = picture[depth > FACADE_Z]
    bright = float(np.mean(sky)) if sky.size else float(picture.mean()) * 1.4
    air = np.array([1.02, 1.0, 0.98], np.float32) * bright * lightness
    left = np.exp(-np.float32(per_metre) * np.maximum(depth - 4, 0))[..., None]
    return picture * left + air * (1 - left)


def _over(picture: F32, cover: np.ndarray, share: float, brightness: float) -> F32:
    """Drops or flakes (h, w), as bright as the picture's light parts."""
    light = float(np.percentile(picture[::8, ::8], 90)) * brightness
    through = (cover.astype(np.float32) * np.float32(share / 255))[..., None]
    return picture * (1 - through) + np.float32(light) * through
