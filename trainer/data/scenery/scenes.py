"""Scenes of the rendered street: a few pictures of one street in one light, and all that is known of who is in them."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from edge.contracts.types import F32, U8
from edge.demo.backdrop import FACADE_Z
from edge.demo.street import Scene, Street, Weather, truth_of
from trainer.data.scenery.lens import Camera
from trainer.data.scenery.light import LAMPS, lit, lit_windows
from trainer.data.scenery.look import Hour, Look, drawn_look
from trainer.data.scenery.weather import weathered

STEP_S = 0.8  # between the pictures of a scene
LATEST_S = 60.0  # into the street's life that a scene begins
FIRST_SEED = 1 << 16  # streets below it are never drawn: demonstrations and tests have theirs there
_CALM = Weather(noise=0.0, drift=0.0)


@dataclass(frozen=True, eq=False, slots=True)
class Passerby:
    """One object in one picture. Boxes are x1, y1, x2, y2, fractions of the picture."""

    track: int  # the same in all pictures of a scene
    label: int  # of `edge.demo.truth.LABELS`
    seen: tuple[float, float, float, float]  # around what can be seen of it; without area where that is nothing
    whole: tuple[float, float, float, float]  # around all of it, as far as it is in the picture
    visible: float  # share of it that can be seen
    x_m: float  # on the ground: to the right of the street's middle
    z_m: float  # away from the camera
    heading_rad: float  # 0 = to the right, pi / 2 = away


@dataclass(frozen=True, eq=False, slots=True)
class Shot:
    """One picture."""

    pixels: U8  # (h, w, 3) BGR
    t_s: float  # since the street began
    passersby: tuple[Passerby, ...]


def shots(seed: int, number: int, count: int, size: tuple[int, int]) -> tuple[Look, Iterator[Shot]]:
    """Scene `number` of a data set: how it looks, and its pictures.

    Args:
        seed: of the data set.
        number: of the scene; each has a street of its own.
        count: how many pictures.
        size: their width and height.
    """
    random = np.random.default_rng([seed, number])
    street_seed = int(random.integers(FIRST_SEED, 1 << 31))
    look = drawn_look(random, size)
    return look, _filmed(street_seed, look, count, random)


def _filmed(street_seed: int, look: Look, count: int, random: Generator) -> Iterator[Shot]:
    view = look.view
    street = Street(street_seed, weather=_CALM, view=view, parked=True)
    still, begin_s = street.depth(), float(random.uniform(0, LATEST_S))
    share = 0.0 if look.hour is Hour.DAY else 0.5 * LAMPS[look.hour]
    windows = lit_windows(view, random, share) * (still > FACADE_Z - 0.1)[..., None]
    camera = Camera(look.lens, (view.width, view.height), random)
    for step in range(count):
        t_s = begin_s + step * STEP_S
        scene = street.scene(t_s)
        picture = _lit_and_weathered(scene, still, windows, look, random)
        pixels, passersby = camera.filmed(picture), _passersby(scene)
        if look.mirrored:
            pixels = np.ascontiguousarray(pixels[:, ::-1])
            passersby = tuple(_mirrored(one) for one in passersby)
        yield Shot(pixels, t_s, passersby)


def _lit_and_weathered(scene: Scene, still: F32, windows: F32, look: Look, random: Generator) -> F32:
    depth = still.copy()
    for row, passer in enumerate(scene.passers):
        depth[scene.owner == row + 1] = passer.z
    free = scene.owner == 0
    light = lit(scene.picture.astype(np.float32), depth, scene.passers, look.view, look.hour, look.strength)
    light += windows * free[..., None]
    bare = (free & (still < FACADE_Z - 0.1)).astype(np.float32)
    return weathered(light, depth, bare, look.air, look.strength, random)


def _passersby(scene: Scene) -> tuple[Passerby, ...]:
    height, width = scene.owner.shape
    truth, rows = truth_of(scene.passers, scene.owner), {one.id: row for row, one in enumerate(scene.passers)}
    found = []
    for index, identity in enumerate(truth.id.tolist()):
        row = rows[identity]
        x, y, wide, high = cv2.boundingRect((scene.owner == row + 1).astype(np.uint8))
        seen = (x / width, y / height, (x + wide) / width, (y + high) / height)
        x1, y1, x2, y2 = truth.box[index].tolist()
        passer, visible = scene.passers[row], float(truth.visible[index])
        found.append(
            Passerby(identity, passer.label, seen, (x1, y1, x2, y2), visible, passer.x, passer.z, passer.heading)
        )
    return tuple(found)


def _mirrored(one: Passerby) -> Passerby:
    seen, whole = _turned(one.seen), _turned(one.whole)
    heading = float(np.arctan2(np.sin(one.heading_rad), -np.cos(one.heading_rad)))
    return Passerby(one.track, one.label, seen, whole, one.visible, -one.x_m, one.z_m, heading)


def _turned(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return 1 - box[2], box[1], 1 - box[0], box[3]
