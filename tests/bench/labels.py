"""Labels of a teacher before and after cleaning, against the truth of MOT17 half-val.

Settings were chosen on TUNED, the figures are of the other sequences. `before`: every detection from a score on is a
label. `wavering`: the same teacher with noise on its scores, as detectors have that were not trained on the scene.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace

from tests.bench import mot
from tests.bench.report import parser, show
from tests.rigs.labels import Count, of_scores, of_tracks, wavering
from trainer.adapt.settings import CleaningSettings

TUNED = frozenset({"MOT17-02", "MOT17-05", "MOT17-09"})
SCORES = (0.5, 0.6, 0.65, 0.7, 0.8)
SUPPORTS = (0.6, 0.65, 0.7)
SPREADS = (0.0, 1.0, 2.0)  # of the noise on the logit of a score


def main(argv: list[str]) -> None:
    """Count, and report."""
    chosen: argparse.Namespace = parser("labels", __doc__.split("\n")[0]).parse_args(argv)
    sequences = [one for one in mot.read(chosen.data / "mot17") if one.name not in TUNED]
    rows: list[list[object]] = []
    for spread in SPREADS:
        heard = [noisy(one, spread) for one in sequences]
        rows += [row("before", spread, least, heard, scored(least)) for least in SCORES]
        rows += [row("after", spread, support, heard, tracked(support)) for support in SUPPORTS]
    header = ["labels", "wavering", "from", "precision", "recall", "IoU", "taught as background"]
    show("MOT17 half-val: " + ", ".join(one.name for one in sequences), header, rows, {"rows": rows})


def noisy(sequence: mot.Sequence, spread: float) -> mot.Sequence:
    """The same with scores that waver."""
    found = [wavering(one, spread, seed) for seed, one in enumerate(sequence.detections)]
    return replace(sequence, detections=found) if spread else sequence


def scored(least: float) -> Callable[[mot.Sequence], Count]:
    """Labels by their own score."""
    unsure = CleaningSettings().unsure_support
    return lambda one: of_scores(one, least, unsure)


def tracked(support: float) -> Callable[[mot.Sequence], Count]:
    """Labels by their tracks."""
    settings = CleaningSettings(keep_support=support)
    return lambda one: of_tracks(one, settings)


def row(
    name: str, spread: float, least: float, sequences: list[mot.Sequence], count: Callable[[mot.Sequence], Count]
) -> list[object]:
    """One line of the table."""
    total = sum(map(count, sequences), start=Count())
    return [name, spread, least, total.precision, total.recall, total.iou, total.punished]
