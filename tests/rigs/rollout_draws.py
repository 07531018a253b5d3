"""Roll-outs drawn at random, their devices judged one after another: how often the threshold stops them, and when."""

import random
from dataclasses import dataclass
from statistics import median

from firmware_tools.rollout.threshold import too_many

TIMES = 400


@dataclass(frozen=True)
class Drawn:
    """Of so many roll-outs."""

    drawn: int
    stopped: float  # share of them
    failures: float | None  # median of those stopped, when they were


def draws(seed: int, devices: int, share: float, threshold: float, least: int, judged_first: int = 0) -> Drawn:
    """Roll-outs of a release of which a true `share` fails; nothing stops them before `judged_first` are judged."""
    chance = random.Random(seed)
    found = [_failures(chance, devices, share, (threshold, least, judged_first)) for _ in range(TIMES)]
    stopped = [failed for failed in found if failed]
    return Drawn(TIMES, len(stopped) / TIMES, median(stopped) if stopped else None)


def _failures(chance: random.Random, devices: int, share: float, rule: tuple[float, int, int]) -> int:
    """At the stop; 0 if there is none."""
    threshold, least, judged_first = rule
    failed = 0
    for judged in range(1, devices + 1):
        failed += chance.random() < share
        if judged >= judged_first and (
            failed > threshold * devices or (failed and too_many(failed, judged, threshold, least))
        ):
            return failed
    return 0
