"""MOT17 half-val with the stored detections: every frame, and every 5th as an edge camera would see it.

Two figures. The leave-one-sequence-out one: for each sequence the settings are those that do best on all others, out
of GRID, one choice for both frame rates. And `shipped`: the defaults, for all sequences.
The choice does not see the scored sequence; the constants inside `edge/tracking` and GRID's ranges saw all of them.
"""

import argparse
import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from time import process_time

import numpy as np

from edge.contracts.types import Detections
from edge.tracking import Tracker, TrackingSettings
from tests.bench import mot
from tests.bench.report import parser, show

STRIDES = (1, 5)
REPEATS = 7  # of the timing, whose least median counts: other work on the machine only ever adds
GRID: Mapping[str, tuple[float, ...]] = {
    "reach": (0.2, 0.25, 0.3),
    "acceleration": (0.4, 0.6, 0.8),
    "birth_score": (0.65, 0.7),
    "sure_score": (0.75, 0.8),
    "low_score": (0.02, 0.1),
}
Results = list[dict[int, mot.Result]]  # per sequence, by stride


def main(argv: list[str]) -> None:
    """Score, choose, report."""
    options = parser("tracking", __doc__.split("\n")[0])
    options.add_argument("--quick", action="store_true", help="only the shipped settings: no leave-one-out")
    chosen: argparse.Namespace = options.parse_args(argv)
    folder = chosen.data / "mot17"
    candidates = [TrackingSettings()] + ([] if chosen.quick else grid())
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        results = list(pool.map(partial(run, folder), candidates))
    shipped = figures(results[0])
    left_out = shipped if chosen.quick else figures(leave_one_out(results[1:]))
    step_ms = {"step_ms_30": min(step_ms_at(30) for _ in range(REPEATS))}
    names = ["mota", "idf1", "hota", "idsw", "mota_5", "idf1_5", "hota_5", "idsw_5"]
    rows: list[list[object]] = [["shipped", *(shipped[name] for name in names)]]
    if not chosen.quick:
        rows.insert(0, ["leave-one-out", *(left_out[name] for name in names)])
    show("MOT17 half-val", ["settings", *names], rows, left_out | step_ms | {"shipped": shipped | step_ms})


def grid() -> list[TrackingSettings]:
    """Every combination of GRID; what it leaves out is as shipped."""
    return [TrackingSettings(**dict(zip(GRID, values, strict=True))) for values in product(*GRID.values())]


def run(folder: Path, settings: TrackingSettings) -> Results:
    """The results of one candidate."""
    return [{stride: score(one.every(stride), settings) for stride in STRIDES} for one in mot.read(folder)]


def score(sequence: mot.Sequence, settings: TrackingSettings) -> mot.Result:
    """One sequence through one tracker."""
    tracker = Tracker(settings, sequence.aspect)
    steps = (tracker.step(seen, n / sequence.fps) for n, seen in enumerate(sequence.detections))
    return sequence.scorer.score([mot.Output.of(tracks) for tracks in steps])


def leave_one_out(results: list[Results]) -> Results:
    """Per sequence, the results of the candidate that is best on all the others."""
    picked: Results = []
    for held_out in range(len(results[0])):
        others = [[one for n, one in enumerate(of) if n != held_out] for of in results]
        best = max(range(len(results)), key=lambda n: merit(figures(others[n])))
        picked.append(results[best][held_out])
    return picked


def merit(of: mot.Score) -> float:
    """What the choice maximises: the three figures at both rates count alike."""
    return sum(of[name + end] for name in ("mota", "idf1", "hota") for end in ("", "_5"))


def figures(results: Results) -> mot.Score:
    """All sequences together, at both rates."""
    every, fifth = (mot.combine([one[stride] for one in results]) for stride in STRIDES)
    return every | {f"{name}_5": value for name, value in fifth.items()}


def step_ms_at(objects: int, steps: int = 200) -> float:
    """Median CPU milliseconds of a step with so many objects that wander about at 10 frames per second."""
    chance = np.random.default_rng(0)
    start, velocity = chance.uniform(0.1, 0.9, (objects, 2)), chance.normal(0, 0.05, (objects, 2))
    half = chance.uniform((0.01, 0.04), (0.02, 0.08), (objects, 2))
    tracker, spent = Tracker(TrackingSettings(), 16 / 9), []
    for n in range(steps):
        centre = np.abs((start + velocity * n / 10 + chance.normal(0, 0.001, (objects, 2))) % 2 - 1)
        box = np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)
        seen = Detections(box, chance.uniform(0.3, 0.95, objects).astype(np.float32), np.zeros(objects, np.int64))
        began = process_time()
        tracker.step(seen[chance.random(objects) < 0.95], n / 10)
        spent.append(process_time() - began)
    return 1000 * float(np.median(spent))
