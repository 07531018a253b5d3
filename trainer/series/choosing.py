"""Settings that suit a series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.windows import MOST_HORIZONS
from trainer.errors import TrainError
from trainer.series.regular import Series
from trainer.series.scoring import season_of
from trainer.series.settings import MOST_STEPS, SeriesNetwork, SeriesRecipe

DENSE = 12  # horizons that are all looked at; beyond, ever fewer
LONGEST, SEEN = 96, 336  # steps ahead, steps back
SEASONS = 4  # that are seen
SEGMENTS = 24  # of the window, about
LEAST_ROWS = 200
NEAR = 0.05  # share of itself by which a horizon may differ from whole steps


@dataclass(frozen=True, slots=True)
class Choice:
    """A recipe, and why, by dotted key."""

    recipe: SeriesRecipe
    reasons: Mapping[str, str]


def choose(series: Series, rows: int, horizons: Sequence[int]) -> Choice:
    """Settings for a series.

    Args:
        series: all of it.
        rows: its training part, the only one that is looked at.
        horizons: steps ahead that are asked for, none = picked.

    Raises:
        TrainError: it is too short to learn from.
    """
    if rows < LEAST_ROWS:
        raise TrainError(
            f"there are {rows} steps of {series.step_s:g} s to learn from, and {LEAST_ROWS} are the least; give more "
            "readings, or a shorter step (--step-s)"
        )
    season = season_of(series.values[:rows])
    room = len(series.values) // 20  # the part that chooses is twice that
    ahead = tuple(horizons) or spread(max(DENSE, min(season, LONGEST, room)))
    wanted = max(8, min(SEASONS * season if season else 64, SEEN, room))
    segment = -(-wanted // SEGMENTS)
    samples = wanted // segment * segment
    network = SeriesNetwork(samples=samples, horizons=ahead, segment=segment)
    seen = f"it repeats itself after {season} steps" if season else "it does not repeat itself"
    return Choice(
        SeriesRecipe(step_s=series.step_s, season_steps=season, network=network),
        {
            "season_steps": f"season of {season} steps" if season else "no season: nothing repeats itself",
            "network.samples": f"a window of {samples} steps: {seen}",
            "network.horizons": f"horizons up to {ahead[-1]} steps",
        },
    )


def refuse_still(series: Series, rows: int) -> None:
    """Make sure that there is something to forecast: a channel that never moves is right with any sigma.

    Raises:
        TrainError: one has the same value in all of the first rows.
    """
    moves = np.ptp(series.values[:rows], axis=0) > 0
    still = [name for name, one in zip(series.channels, moves.tolist(), strict=True) if not one]
    if still:
        raise TrainError(
            f"{', '.join(still)} never changes in the first {rows} steps, which are learnt from; leave it out by "
            "naming the other columns (--channels), or give more readings"
        )


def spread(longest: int) -> tuple[int, ...]:
    """All horizons up to `DENSE`, then ever fewer up to the longest."""
    found = list(range(1, min(DENSE, longest) + 1))
    while found[-1] < longest:
        found.append(min(longest, round(found[-1] * 1.34)))
    return tuple(found)


def in_steps(horizons_s: Sequence[float], step_s: float) -> tuple[int, ...]:
    """Horizons in whole steps, ascending.

    Raises:
        TrainError: one lies between two steps, or is too far away, or there are too many.
    """
    for horizon_s in horizons_s:
        nearest_s = max(1, round(horizon_s / step_s)) * step_s
        if abs(nearest_s - horizon_s) > NEAR * horizon_s:
            raise TrainError(
                f"--horizons-s asks for {horizon_s:g} s, and readings are {step_s:g} s apart: {nearest_s:g} s is the "
                "nearest that can be forecast; ask for that, or give a shorter step (--step-s)"
            )
    steps = tuple(sorted({max(1, round(horizon / step_s)) for horizon in horizons_s}))
    if steps and (steps[-1] > MOST_STEPS or len(steps) > MOST_HORIZONS):
        raise TrainError(
            f"--horizons-s asks for {len(steps)} horizons up to {steps[-1]} steps of {step_s:g} s, and {MOST_HORIZONS} "
            f"up to {MOST_STEPS} steps are the most; give fewer or nearer ones, or a longer step (--step-s)"
        )
    return steps
