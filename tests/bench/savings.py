"""How many detector calls forecasts save on MOT17 half-val, every frame scored.

On the frames that `Attention` skips the stored detections are withheld and the tracks' forecasts are the output.
Compared with the same tracker looking at every frame. One fixed setting, the shipped one, serves all sequences. The
table also shows its neighbours: single figures move by some tenths of a point with the chance of where looks fall.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from edge.attention import Attention, AttentionSettings
from edge.tracking import Tracker, TrackingSettings
from tests.bench import mot
from tests.bench.report import parser, show

NEIGHBOURS = (0.8, 0.9, 1.1, 1.25)  # of the shipped tolerance


def main(argv: list[str]) -> None:
    """Run with and without skipping, and compare."""
    options = parser("savings", __doc__.split("\n")[0])
    folder = options.parse_args(argv).data / "mot17"
    shipped = AttentionSettings()
    others = [shipped.model_copy(update={"tolerance": shipped.tolerance * factor}) for factor in NEIGHBOURS]
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        (_, every), *runs = pool.map(partial(run, folder), [None, shipped, *others])
    rows: list[list[object]] = [["every frame", 1.0, 0.0, 0.0, every["idsw"]]]
    for settings, (ratio, score) in zip([shipped, *others], runs, strict=True):
        losses = every["mota"] - score["mota"], every["idf1"] - score["idf1"]
        rows.append([f"tolerance {settings.tolerance:.3f}", ratio, *losses, score["idsw"]])
    keys = ["invocations_ratio", "mota_loss", "idf1_loss"]
    show("Looks saved, MOT17 half-val", ["settings", *keys, "idsw"], rows, dict(zip(keys, rows[1][1:4], strict=True)))


def run(folder: Path, settings: AttentionSettings | None) -> tuple[float, mot.Score]:
    """Share of frames looked at, and the figures, over all sequences; `None` looks at every frame."""
    looks, frames, results = 0, 0, []
    for sequence in mot.read(folder):
        outputs, used = watch(sequence, settings)
        results.append(sequence.scorer.score(outputs))
        looks, frames = looks + used, frames + len(outputs)
    return looks / frames, mot.combine(results)


def watch(sequence: mot.Sequence, settings: AttentionSettings | None) -> tuple[list[mot.Output], int]:
    """The output of each frame, and how many frames were looked at."""
    tracker, attention = Tracker(TrackingSettings(), sequence.aspect), Attention(settings or AttentionSettings())
    outputs, looks = [], 0
    for n, detections in enumerate(sequence.detections):
        t_s = n / sequence.fps
        tracks = tracker.at(t_s)
        if settings is None or attention.due(t_s):
            forecast, tracks, looks = tracks, tracker.step(detections, t_s), looks + 1
            attention.looked(forecast, tracks, t_s)
        outputs.append(mot.Output.of(tracks))
    return outputs, looks
