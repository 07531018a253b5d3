"""Readings on a regular grid, by the very rules of the device."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64, I64, Mask
from edge.series.grid import SECOND_NS, Grid, usual_step_ns
from trainer.errors import TrainError
from trainer.series.table import Table

GAP_STEPS = 30  # a longer silence ends a piece
LARGEST_STEPS = 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Nodes of a grid. A piece is what no long silence interrupts."""

    channels: tuple[str, ...]  # C
    step_s: float
    values: F64  # (T, C) finite, in the units of the sensor
    known: Mask  # (T, C) False: filled in
    piece: I64  # (T,) the number of the piece, ascending


def usual_step_s(tables: Sequence[Table]) -> float:
    """The step that the times of the readings suggest, as the device takes it."""
    between = np.concatenate([np.diff(table.time_s) for table in tables])
    if not (between > 0).any():
        raise TrainError(f"all readings of {tables[0].path} have the same time; name the right column (--time)")
    return usual_step_ns(np.round(between * SECOND_NS).astype(np.int64).tolist()) / SECOND_NS


def regular(tables: Sequence[Table], step_s: float) -> Series:
    """All recordings on one grid.

    Raises:
        TrainError: hardly anything is left, or the step is none.
    """
    channels = tables[0].channels
    step_ns = round(step_s * SECOND_NS)
    if step_ns < 1:
        raise TrainError(f"a step of {step_s:g} s is shorter than a nanosecond; choose another one (--step-s)")
    values: list[F64] = []
    known: list[Mask] = []
    piece: list[int] = []
    number = -1
    for table in tables:
        grid = Grid(len(channels), step_ns, GAP_STEPS)
        fresh = True  # each recording begins a piece
        for time_ns, row in zip(
            np.round(table.time_s * SECOND_NS).astype(np.int64).tolist(), table.values, strict=True
        ):
            for node in grid.add(time_ns, row):
                number += node.fresh or fresh
                fresh = False
                values.append(node.values)
                known.append(node.known)
                piece.append(number)
    if len(values) < 2 or len(values) > LARGEST_STEPS:
        raise TrainError(
            f"{tables[0].path} holds {len(values)} steps of {step_s:g} s; give more readings, or another step "
            "(--step-s; of classifiers --rate)"
        )
    return Series(channels, step_s, np.array(values), np.array(known), np.array(piece, np.int64))
