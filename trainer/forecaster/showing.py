"""Moments of recorded scenes with the forecasts that a model file makes of them, for plots."""

from collections.abc import Sequence
from pathlib import Path as FilePath

import numpy as np

from edge.contracts.track_windows import Answer, decode, encode
from edge.contracts.windows import TrackWindow
from trainer.forecaster.plots import Path, paths_plot
from trainer.forecaster.served import file_answers
from trainer.recorded.following import Moment, Watching, moments
from trainer.recorded.futures import Futures
from trainer.recorded.scene import Scene
from trainer.report.figure import Plot

SHOWN = 3  # moments
MOST_PATHS = 12
EVERY_S = 1.0


def shown_paths(file: FilePath, scenes: Sequence[Scene], window: TrackWindow) -> tuple[Plot, ...]:
    """Plots of the moments with most turning tracks, at most one of each scene.

    Raises:
        ModelError: the file cannot be run.
    """
    ranked = sorted((_busiest(scene, window) for scene in scenes[: 2 * SHOWN]), key=lambda one: -one[0])
    chosen = [(scene, moment) for worth, scene, moment in ranked[:SHOWN] if worth >= 0 and moment is not None]
    return tuple(_plot(file, scene, moment, window) for scene, moment in chosen)


def _busiest(scene: Scene, window: TrackWindow) -> tuple[float, Scene, Moment | None]:
    """The moment in which most turn, and among those most are there."""
    after, best = Futures(scene), (-1.0, scene, None)
    for moment in moments(scene, window, Watching(EVERY_S)):
        worth = 100.0 * after.turning(moment.whose, moment.t_s).sum() + len(moment.whose)
        if worth > best[0]:
            best = (worth, scene, moment)  # type: ignore[assignment]
    return best


def _plot(file: FilePath, scene: Scene, moment: Moment, window: TrackWindow) -> Plot:
    encoded = encode(moment.past, window)
    answer: Answer = file_answers(file, encoded.x)
    mixture = decode(answer, encoded, window)
    future = Futures(scene).places(moment.whose, moment.t_s, window.horizons_s)
    line = encoded.origin[:, None] + encoded.velocity[:, None] * np.array(window.horizons_s)[:, None]
    known = np.flatnonzero(np.isfinite(future).all(axis=(1, 2)) & np.isfinite(line).all(axis=(1, 2)))
    paths = []
    for row in known[:MOST_PATHS].tolist():
        past = moment.past.position[row]
        one = type(mixture)(mixture.weight[row : row + 1], mixture.mean[row : row + 1], mixture.sigma[row : row + 1])
        paths.append(Path(past[np.isfinite(past).all(axis=1)], future[row], line[row], one))
    return paths_plot(scene, moment.t_s, paths)
