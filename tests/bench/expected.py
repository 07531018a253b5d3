"""Expectations of zones and near misses against the exact truth: Brier skill, recall, lead time, precision.

The rendered street and three MOT17 sequences whose camera stands still (02, 04, 09). Zones are rectangles around random
foot points, the same for every run. Boxes are the true ones with each edge off by 3 % of the box's size; identities are
known. No setting was chosen on what is reported: near misses were tried on the streets 1 to 4.
"""

from argparse import Namespace
from collections.abc import Mapping
from functools import reduce
from operator import add
from statistics import median

import numpy as np

from edge.contracts.types import EventKind
from edge.events.log import EventLog
from edge.events.settings import EventSettings, ExpectSettings, NearMissSettings
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.bench.report import parser, show
from tests.rigs.foretold import Clip, Verdict, judge, seen_with_noise, zones_where_they_walk
from tests.rigs.foretold_truth import Count, compare, entries, events_of, near_misses, said_of
from tests.rigs.mot17_clips import mot17
from tests.rigs.street_clips import street_clip

STREETS = (101, 102, 103, 104)
SEQUENCES = ("MOT17-02", "MOT17-04", "MOT17-09")
ZONES, ZONE_SEED, NOISE_SEED = 4, 5, 1
PAIRS = (("person", "car"), ("bicycle", "car"), ("person", "bicycle"))
CROWD = NearMissSettings(enabled=True, pairs=(("person", "person"),), distance=0.5)
NAMES = ("person", "car", "bicycle")
HEADER = ["", "questions", "Brier", "skill", "live skill"]
HEADER += ["happened", "recall", "said", "right", "lead s", "early"]


class Scored:
    """What was measured on some clips."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []
        self.live: list[tuple[float, float]] = []  # questions and skill of the daemon's own score, by zone
        self.entries: list[Count] = []
        self.near: list[Count] = []

    def clip(self, clip: Clip, labels: Mapping[int, str], near: NearMissSettings) -> None:
        """Judge one clip."""
        zones = zones_where_they_walk(clip, ZONE_SEED, ZONES)
        seen = seen_with_noise(clip, NOISE_SEED)
        self.verdicts += [judge(clip, seen, zone) for zone in zones]
        expected = ExpectSettings(near_miss=near)
        log = EventLog("camera", NAMES, EventSettings(expected=expected), zones, [])
        told = events_of(seen, labels, log, NAMES, ConstantVelocity(ForecastSettings()))
        self.live += [(score.questions, score.skill) for score in log.scores() if score.place != "camera"]
        said = said_of(told, EventKind.EXPECTED, expected.tolerance_s)
        self.entries.append(compare(said, entries(clip, zones), clip))
        said = said_of(told, EventKind.NEAR_MISS, near.tolerance_s)
        self.near.append(compare(said, near_misses(clip, labels, near), clip))

    def figures(self) -> dict[str, float]:
        """Everything in numbers."""
        stated, true = (np.concatenate([getattr(each, name) for each in self.verdicts]) for name in ("stated", "true"))
        every = Verdict(stated, true)
        known = [(n, skill) for n, skill in self.live if np.isfinite(skill)]
        live = sum(n * skill for n, skill in known) / max(sum(n for n, _ in known), 1e-9)
        return {
            "questions": len(stated),
            "brier": every.brier(),
            "skill": 1 - every.brier() / every.brier_of_base_rate(),
            "live_skill": live,
            **_counted("", reduce(add, self.entries)),
            **_counted("near_", reduce(add, self.near)),
        }


def _counted(prefix: str, count: Count) -> dict[str, float]:
    decided = max(count.said - count.undecided, 1)
    happened = max(count.happened, 1)
    return {
        f"{prefix}happened": count.happened,
        f"{prefix}recall": len(count.leads) / happened,
        f"{prefix}said": count.said,
        f"{prefix}undecided": count.undecided,
        f"{prefix}precision": count.right / decided,
        f"{prefix}lead_s": median(count.leads) if count.leads else 0.0,
        f"{prefix}lead_share": sum(lead >= 1 for lead in count.leads) / happened,
        f"{prefix}false_per_hour": (decided - count.right) / max(count.watched_s / 3600, 1e-9),
    }


def street(seeds: tuple[int, ...], seconds: float, near: NearMissSettings) -> dict[str, float]:
    """On the rendered street."""
    scored = Scored()
    for seed in seeds:
        clip, labels = street_clip(seed, seconds)
        scored.clip(clip, labels, near)
    return scored.figures()


def real(options: Namespace) -> dict[str, float]:
    """On MOT17, where everybody is a person."""
    scored = Scored()
    for sequence in SEQUENCES:
        clip = mot17(options.data / "mot17" / sequence)
        scored.clip(clip, {track: "person" for _, boxes in clip for track in boxes}, CROWD)
    return scored.figures()


def main(argv: list[str]) -> None:
    """Print a table, and the figures as JSON."""
    options = parser("expected", __doc__ or "")
    options.add_argument("--seeds", type=int, nargs="+", default=STREETS, help="streets (%(default)s)")
    options.add_argument("--seconds", type=float, default=120.0, help="of each street (%(default)s)")
    options.add_argument("--probability", type=float, default=NearMissSettings().probability, help="of near misses")
    given = options.parse_args(argv)
    near = NearMissSettings(enabled=True, pairs=PAIRS, probability=given.probability)
    found = {"street": street(tuple(given.seeds), given.seconds, near)}
    if (given.data / "mot17").is_dir():
        found["mot17"] = real(given)
    rows = [_row(name, figures, "") for name, figures in found.items()]
    rows += [_row(f"{name}, near misses", figures, "near_") for name, figures in found.items()]
    figures = {f"{name}_{key}": value for name, each in found.items() for key, value in each.items()}
    show("Expectations against the truth", HEADER, rows, figures)


def _row(name: str, figures: Mapping[str, float], prefix: str) -> list[object]:
    odds = ["questions", "brier", "skill", "live_skill"]
    counts = ["happened", "recall", "said", "precision", "lead_s", "lead_share"]
    first = ["-"] * 4 if prefix else [figures[key] for key in odds]
    return [name, *first, *(figures[prefix + key] for key in counts)]
