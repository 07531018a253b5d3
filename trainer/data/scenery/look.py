"""How one scene looks: its hour, its weather, and the camera that films it; drawn by lot, and the same for a seed."""

from dataclasses import dataclass
from enum import StrEnum

from numpy.random import Generator

from edge.demo.view import View

ROAD_Z = 20.0  # metres: what a camera is aimed at


class Hour(StrEnum):
    """The light."""

    DAY = "day"
    DUSK = "dusk"
    NIGHT = "night"


class Air(StrEnum):
    """What is between the camera and the street."""

    CLEAR = "clear"
    RAIN = "rain"
    FOG = "fog"
    SNOW = "snow"


HOURS = {Hour.DAY: 0.55, Hour.DUSK: 0.2, Hour.NIGHT: 0.25}  # shares of the scenes
AIRS = {Air.CLEAR: 0.5, Air.RAIN: 0.18, Air.FOG: 0.16, Air.SNOW: 0.16}
USUAL = 0.3  # share of the scenes that are filmed from where the demonstration is
PLAIN = 0.15  # share of the scenes with an untroubled camera on a clear day


@dataclass(frozen=True, slots=True)
class Lens:
    """What a camera makes of the light."""

    gain: float  # exposure
    gamma: float
    balance: tuple[float, float, float]  # gains of blue, green and red
    blur_px: float  # standard deviation
    smear_px: float  # length of a movement's blur, along the rows
    noise: float  # standard deviation of 255 in the middle of the range
    corner: float  # share of the light that the corners lose
    jpeg: int  # quality, 1..100


@dataclass(frozen=True, slots=True)
class Look:
    """One scene's looks."""

    view: View
    mirrored: bool
    hour: Hour
    air: Air
    strength: float  # of hour and weather, 0..1
    lens: Lens


def drawn_look(random: Generator, size: tuple[int, int]) -> Look:
    """Some look for pictures of `size` (width, height)."""
    view, mirrored = _view(random, size), bool(random.random() < 0.5)
    if random.random() < PLAIN:
        return Look(view, mirrored, Hour.DAY, Air.CLEAR, 0.0, Lens(1, 1, (1, 1, 1), 0, 0, 2.0, 0, 92))
    hour = list(HOURS)[int(random.choice(len(HOURS), p=list(HOURS.values())))]
    air = list(AIRS)[int(random.choice(len(AIRS), p=list(AIRS.values())))]
    return Look(view, mirrored, hour, air, float(random.uniform(0, 1)), _lens(random, hour))


def _view(random: Generator, size: tuple[int, int]) -> View:
    """The demonstration's camera, or one that hangs and looks elsewhere but has the road in its picture."""
    if random.random() < USUAL:
        return View(*size)
    zoom, eye = float(random.uniform(0.62, 1.35)), float(random.uniform(4.0, 8.5))
    road = float(random.uniform(0.5, 0.72))  # height of the road's middle in the picture
    horizon = road - zoom * size[0] * eye / ROAD_Z / size[1]
    return View(*size, eye_m=eye, aside_m=float(random.uniform(-6, 6)), zoom=zoom, horizon=horizon)


def _lens(random: Generator, hour: Hour) -> Lens:
    """Some camera; by night it works harder."""
    dark = {Hour.DAY: 0.0, Hour.DUSK: 0.5, Hour.NIGHT: 1.0}[hour]
    blue, red = random.uniform(0.88, 1.12, 2).tolist()
    return Lens(
        gain=float(random.uniform(0.75, 1.25)),
        gamma=float(random.uniform(0.8, 1.25)),
        balance=(blue, 1.0, red),
        blur_px=max(0.0, float(random.uniform(-0.6, 1.1))),
        smear_px=max(0.0, float(random.uniform(-6, 3))),
        noise=float(random.uniform(1, 5 + 8 * dark)),
        corner=max(0.0, float(random.uniform(-0.3, 0.4))),
        jpeg=int(random.integers(35, 96)),
    )
