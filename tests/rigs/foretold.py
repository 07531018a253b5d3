"""Judge what was expected against what happened, on paths that are known to their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F32, F64, Event, EventKind, Outcome
from edge.events.log import EventLog
from edge.events.odds import entry_times
from edge.events.paths import single_paths
from edge.events.settings import EventSettings, ZoneSettings
from edge.events.zones import Borders, anchor
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from tests.rigs.tracks import Follower, at

Clip = list[tuple[float, Mapping[int, F64]]]  # time and box of each object, frame by frame

MANNERS = ("straight", "turning", "stopping")


def walkers(seed: int, count: int, fps: float = 5.0, duration_s: float = 12.0) -> Clip:
    """People who walk straight on, turn off, or stop: a third each, with a little sway; times are irregular."""
    random = np.random.default_rng(seed)
    times = np.cumsum(random.uniform(0.7, 1.3, int(duration_s * fps)) / fps)
    paths = [_walk(random, times, MANNERS[n % len(MANNERS)]) for n in range(count)]
    return [(float(t), {n: np.array(at(*path[k])) for n, path in enumerate(paths)}) for k, t in enumerate(times)]


def _walk(random: np.random.Generator, times: F64, manner: str) -> F64:
    """Foot points (frames, 2) of one person."""
    heading = np.full(len(times), random.uniform(0, 2 * np.pi))
    speed = np.full(len(times), random.uniform(0.04, 0.12))
    change = times > random.uniform(2, 9)
    if manner == "turning":
        heading = heading + change * random.uniform(-2, 2)
    if manner == "stopping":
        speed = np.where(change, 0, speed)
    step = np.diff(times, prepend=times[0])[:, None] * speed[:, None]
    way = np.stack([np.cos(heading), np.sin(heading)], axis=1) * step
    way += random.normal(0, 0.01, way.shape) * np.sqrt(np.diff(times, prepend=times[0]))[:, None]
    middle = random.uniform(0.25, 0.75, 2)
    path: F64 = np.cumsum(way, axis=0)
    return middle + path - path[len(path) // 2]


def zones_where_they_walk(clip: Clip, seed: int, count: int) -> list[ZoneSettings]:
    """Rectangles around random foot points."""
    random = np.random.default_rng(seed)
    feet = np.array([[(box[0] + box[2]) / 2, box[3]] for _, boxes in clip for box in boxes.values()])
    made = []
    for n in range(count):
        half = random.uniform([0.05, 0.08], [0.15, 0.2])
        middle = np.clip(feet[random.integers(len(feet))], half, 1 - half)
        (x1, y1), (x2, y2) = (middle - half).tolist(), (middle + half).tolist()
        made.append(ZoneSettings(name=f"z{n}", points=((x1, y1), (x2, y1), (x2, y2), (x1, y2))))
    return made


def seen_with_noise(clip: Clip, seed: int, noise: float = 0.03) -> Clip:
    """The same boxes as a detector might give them: each edge off by a share of the box's size."""
    random = np.random.default_rng(seed)

    def off(box: F64) -> F64:
        size = np.sqrt((box[2] - box[0]) * (box[3] - box[1]))
        return box + random.normal(0, noise * size, 4)

    return [(t, {track: off(box) for track, box in boxes.items()}) for t, boxes in clip]


@dataclass(frozen=True, eq=False, slots=True)
class Verdict:
    """Stated probabilities and what came true, one each."""

    stated: F64
    true: F64

    def brier(self) -> float:
        """Mean squared error of the probabilities."""
        return float(((self.stated - self.true) ** 2).mean())

    def brier_of_base_rate(self) -> float:
        """The same for who always states how often it comes true."""
        return float(self.true.mean() * (1 - self.true.mean()))


def judge(clip: Clip, seen: Clip, zone: ZoneSettings, within_s: float = 3.0) -> Verdict:
    """The odds of entering the zone within some seconds, at every look at every object outside, against the truth."""
    follower, forecaster, borders = Follower(), ConstantVelocity(ForecastSettings()), Borders([zone], [])
    edges: F32 = np.array(borders.zones[0].edges, np.float32).reshape(-1, 4)
    first = _entries(clip, borders)
    pairs = []
    for t_s, boxes in seen:
        tracks = follower.step(boxes, t_s)
        forecasts = forecaster.forecast(tracks)
        point = np.concatenate([anchor(tracks.box, "foot")[:, None], anchor(forecasts.box, "foot")], axis=1)
        sigma = np.pad(forecasts.sigma, ((0, 0), (1, 0)))
        paths = single_paths(point, sigma, np.pad(forecasts.horizon_s, (1, 0)))
        asked = np.broadcast_to(edges, (len(tracks), *edges.shape))
        stated = np.isfinite(entry_times(paths, asked, np.zeros(len(tracks), np.float32))).mean(axis=1)
        for row, track in enumerate(tracks.id.tolist()):
            inside, later, last_s = first[track]
            if tracks.seen_s[row] < 0.8 or t_s in inside or borders.locate(point[row : row + 1, 0])[0].any():
                continue
            entry_s = min((entry for entry in later if entry > t_s), default=np.inf)
            if entry_s <= t_s + within_s or last_s >= t_s + within_s:
                pairs.append((stated[row], float(entry_s <= t_s + within_s)))
    columns = np.array(pairs, np.float64).reshape(-1, 2)
    return Verdict(columns[:, 0], columns[:, 1])


def _entries(clip: Clip, borders: Borders) -> dict[int, tuple[set[float], list[float], float]]:
    """Of each object: when it is inside, when it enters, and when it is last there."""
    known: dict[int, tuple[set[float], list[float], float]] = {}
    before: set[int] = set()
    for t_s, boxes in clip:
        feet = anchor(np.array(list(boxes.values()), np.float32).reshape(-1, 4), "foot")
        held = borders.locate(feet)[0][:, 0].tolist()
        now = {track for track, inside in zip(boxes, held, strict=True) if inside}
        for track in boxes:
            inside_s, entries, _ = known.get(track, (set(), [], 0.0))
            known[track] = (
                inside_s | ({t_s} if track in now else set()),
                entries + ([t_s] if track in now - before else []),
                t_s,
            )
        before = now
    return known


def live(seen: Clip, zones: Sequence[ZoneSettings], settings: EventSettings) -> list[tuple[float, Event]]:
    """All events of a clip with their times."""
    log = EventLog("yard", ["person"], settings, zones, [])
    last_s = seen[-1][0]
    return [*_told(log, seen), *((last_s, event) for event in log.close(int(last_s * 1e9)))]


def live_log(seen: Clip, zones: Sequence[ZoneSettings]) -> EventLog:
    """A log that has seen a whole clip."""
    log = EventLog("yard", ["person"], EventSettings(), zones, [])
    _told(log, seen)
    return log


def _told(log: EventLog, seen: Clip) -> list[tuple[float, Event]]:
    follower, forecaster = Follower(), ConstantVelocity(ForecastSettings())
    told = []
    for t_s, boxes in seen:
        tracks = follower.step(boxes, t_s)
        told += [(t_s, event) for event in log.step(tracks, forecaster.forecast(tracks), {}, t_s, int(t_s * 1e9))]
    return told


def published(told: Sequence[tuple[float, Event]], until_s: float) -> tuple[Verdict, float]:
    """The expectations that were published up to then against their outcome, and the mean time ahead of those kept."""
    asked = {
        event.expectation.number: event.expectation
        for t_s, event in told
        if event.expectation and event.kind == EventKind.EXPECTED and t_s <= until_s
    }
    answers = [event.expectation for _, event in told if event.expectation and event.kind == EventKind.RESOLVED]
    answers = [answer for answer in answers if answer.number in asked and answer.outcome != Outcome.UNDECIDED]
    kept = np.array([answer.outcome == Outcome.KEPT for answer in answers], np.float64)
    lead = [answer.eta_s for answer in answers if answer.outcome == Outcome.KEPT]
    return Verdict(np.array([a.probability for a in answers]), kept), float(np.mean(lead)) if lead else 0.0
