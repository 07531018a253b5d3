"""ETH/UCY recordings as a device would live through them: looks in the order of time, and the truth of each moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.flow_map import places
from edge.contracts.track_windows import departure, encode
from edge.contracts.types import F64, Mask
from edge.contracts.windows import TrackWindow
from edge.learning.moments import Look
from edge.learning.sample import PLACE, Sample
from tests.rigs.eth_ucy import OBSERVED, STEP_S, moment, recordings

BEGIN_S, BREAK_S = 1000.0, 60.0  # of the first recording, and between two of one scene
LEAST = 2  # pedestrians who are there throughout, as in Social-GAN's code


@dataclass(frozen=True, eq=False, slots=True)
class Lived:
    """One annotated frame."""

    look: Look
    windows: tuple[Sample, ...]  # of those who count in the protocol, with their whole future; weighed in metres
    recording: int


def lived(data: Path, scene: str, window: TrackWindow) -> Iterator[Lived]:
    """All frames of a scene's test files, one file after another."""
    begin_s = BEGIN_S
    for number, recording in enumerate(recordings(data, scene, "test")):
        frames = len(recording.frame)
        whole = np.isfinite(recording.position[..., 0])
        for now in range(OBSERVED - 1, frames):
            part = recording.position[now - OBSERVED + 1 : now + 1 + len(window.horizons_s)]
            there = whole[now - OBSERVED + 1 : now + 1 + len(window.horizons_s)]
            counts: Mask = np.logical_and.reduce(there, axis=0) & (len(there) == OBSERVED + len(window.horizons_s))
            yield _lived(part, counts, begin_s + now * STEP_S, number, window)
        begin_s += frames * STEP_S + BREAK_S


def _lived(part: F64, counts: Mask, t_s: float, number: int, window: TrackWindow) -> Lived:
    one = moment(part, counts)
    there = np.isfinite(part[OBSERVED - 2 : OBSERVED, :, 0]).all(axis=0)
    askable: Mask = np.logical_and.reduce(np.isfinite(one.past.age_s), axis=1)
    ids = np.flatnonzero(there).astype(np.int64)
    look = Look(t_s, t_s, ids, np.array(one.past.position[:, -1], np.float64), one.past, askable, ["person"] * len(ids))
    windows: tuple[Sample, ...] = ()
    if one.counts.sum() >= LEAST:
        encoded = encode(one.past, window)
        future = departure(one.future, encoded, window).astype(np.float32)
        place = places(encoded, np.ones(len(encoded)), window)
        known = np.ones(len(window.horizons_s), np.float32)
        windows = tuple(
            Sample(
                {"tracks": encoded.x[row], "future": future[row], "known": known, PLACE: place[row]},
                t_s, t_s, str(ids[row]), "", float(encoded.scale[row]),
            )
            for row in np.flatnonzero(one.counts)
        )  # fmt: skip
    return Lived(look, windows, number)
