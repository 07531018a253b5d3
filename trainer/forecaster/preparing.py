"""From the parts of recorded scenes to the windows that are learnt from, that choose, and that judge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.windows import TrackWindow
from trainer.forecaster.recipe import PathRecipe
from trainer.forecaster.samples import Samples, joined
from trainer.recorded.dividing import Parts
from trainer.recorded.following import Watching
from trainer.recorded.moved import moved
from trainer.recorded.scene import Scene, Unit
from trainer.recorded.windows import Windows, cut


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """All windows."""

    window: TrackWindow
    train: Samples
    val: Windows
    test: Windows


def prepare(parts: Parts, recipe: PathRecipe) -> Prepared:
    """Cut all three parts.

    Raises:
        TrainError: a part holds no track that is long enough.
    """
    window = recipe.window.window(tuple(sorted({track.label for scene in parts.train for track in scene.tracks})))
    val, test = (_judged(scenes, window, recipe) for scenes in (parts.val, parts.test))
    return Prepared(window, lessons(parts.train, window, recipe), val, test)


def _judged(scenes: Sequence[Scene], window: TrackWindow, recipe: PathRecipe) -> Windows:
    """What chooses or judges: each scene as it is, and in pictures by a worse detector; no camera moves by chance."""
    ways = [Watching(recipe.scenes.every_s)]
    if scenes[0].unit is Unit.HEIGHTS and (recipe.scenes.jitter or recipe.scenes.missed):
        ways.append(_worse(recipe))
    return cut(scenes, window, ways)


def _worse(recipe: PathRecipe) -> Watching:
    how = recipe.scenes
    return Watching(how.every_s, how.most_fps, how.jitter, how.missed, recipe.training.seed)


def lessons(scenes: Sequence[Scene], window: TrackWindow, recipe: PathRecipe) -> Samples:
    """What is learnt from: each scene as it is, and in pictures by a worse detector and by cameras that move.

    Raises:
        TrainError: no track is long enough.
    """
    how, seed = recipe.scenes, recipe.training.seed
    pictured = [scene for scene in scenes if scene.unit is Unit.HEIGHTS]
    plain = [_shown(cut(scenes, window, [Watching(how.every_s)]), how.turning_weight)]
    if pictured and (how.jitter or how.missed):
        plain.append(_shown(cut(pictured, window, [_worse(recipe)]), how.turning_weight))
    carried = [moved(scene, seed + row) for row, scene in enumerate(pictured[: round(how.moved * len(pictured))])]
    if carried and how.moved_weight:
        seen = cut(carried, window, [Watching(how.every_s)]).samples
        plain.append(Samples(seen.x, seen.departure, seen.unit * np.float32(how.moved_weight)))
    return joined(plain)


def _shown(windows: Windows, often: int) -> Samples:
    """Those of who turns come several times: they are rare."""
    once = windows.samples
    return joined([once, *[once[windows.turning]] * (often - 1)])
