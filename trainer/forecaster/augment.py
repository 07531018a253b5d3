"""The same windows as seen in a mirror, or in a world that is turned: more to learn from, at no cost."""

import numpy as np

from edge.contracts.track_neighbours import NEIGHBOUR_COLUMNS
from edge.contracts.track_windows import MOTION_COLUMNS, STATE_COLUMNS
from edge.contracts.types import F32
from edge.contracts.windows import TrackWindow
from trainer.forecaster.samples import Samples

COLUMNS = (*MOTION_COLUMNS, *STATE_COLUMNS)
ASIDE = ("step_y", "y", "heading_sin", "near_y", "apart_y")  # change their sign in a mirror
COS, SIN = COLUMNS.index("heading_cos"), COLUMNS.index("heading_sin")


def mirrored(given: Samples, window: TrackWindow, share: float, random: np.random.Generator) -> Samples:
    """A share of the windows with left and right changed."""
    sign = np.where(random.random(len(given)) < share, -1.0, 1.0).astype(np.float32)
    x = given.x.copy()
    x[..., _aside(window)] *= sign[:, None, None]
    target = given.departure.copy()
    target[..., 1] *= sign[:, None]
    return Samples(x, target, given.unit)


def turned(given: Samples, share: float, random: np.random.Generator) -> Samples:
    """A share of the windows in a world that is turned by chance: only the columns of the heading tell.

    With a share between 0 and 1 a network keeps what it knows of directions that are walked in often, and judges
    those in which hardly anybody walked as if they meant nothing.
    """
    some = random.random(len(given)) < share
    angle = np.where(some, random.uniform(-np.pi, np.pi, len(given)), 0.0).astype(np.float32)[:, None]
    cos, sin = given.x[..., COS], given.x[..., SIN]
    x: F32 = given.x.copy()
    x[..., COS] = cos * np.cos(angle) - sin * np.sin(angle)
    x[..., SIN] = sin * np.cos(angle) + cos * np.sin(angle)
    return Samples(x, given.departure, given.unit)


def _aside(window: TrackWindow) -> list[int]:
    names = [*COLUMNS, *(f"label_{label}" for label in window.labels), *NEIGHBOUR_COLUMNS * window.neighbours]
    return [column for column, name in enumerate(names) if name in ASIDE]
