"""What really happened in a clip of known objects, and which of it was expected."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.contracts.types import F64, Event, EventKind
from edge.events.encounter import units
from edge.events.log import EventLog
from edge.events.settings import NearMissSettings, ZoneSettings
from edge.events.zones import Borders, anchor, in_frame
from edge.forecast.forecaster import Forecaster
from tests.rigs.foretold import Clip
from tests.rigs.tracks import Follower

KNOWN_S = 1.0  # an object that has been there for so long could be expected
APART = 1.5  # times the limit: so far apart, a pair is near no more
Key = tuple[int, str] | tuple[int, int]  # object and zone, or two objects


@dataclass(frozen=True, slots=True)
class Said:
    """A published expectation: of what, from when to when."""

    key: Key
    at_s: float
    until_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Count:
    """Expectations against what happened."""

    said: int
    right: int
    undecided: int  # the clip or the object ended before the deadline, and it had not happened
    happened: int
    leads: tuple[float, ...]  # seconds, of what was expected before it happened
    watched_s: float

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.said + other.said,
            self.right + other.right,
            self.undecided + other.undecided,
            self.happened + other.happened,
            self.leads + other.leads,
            self.watched_s + other.watched_s,
        )


def events_of(
    seen: Clip, labels: Mapping[int, str], log: EventLog, names: Sequence[str], forecaster: Forecaster
) -> list[tuple[float, Event]]:
    """All events of a clip as it is seen."""
    follower, told = Follower(), []
    for t_s, boxes in seen:
        tracks = follower.step(boxes, t_s)
        kinds = np.array([names.index(labels[track]) for track in tracks.id.tolist()], np.int64)
        tracks = replace(tracks, label=kinds)
        told += [(t_s, event) for event in log.step(tracks, forecaster.forecast(tracks), {}, t_s, int(t_s * 1e9))]
    return told


def said_of(told: Sequence[tuple[float, Event]], kind: EventKind, tolerance_s: float) -> list[Said]:
    """The expectations of one kind."""
    found = []
    for t_s, event in told:
        if event.kind is kind and event.expectation is not None:
            key: Key = (event.track, event.near.track) if event.near else (event.track, event.zone)
            until_s = t_s + event.expectation.eta_s + tolerance_s
            found.append(Said(key, t_s, until_s, event.expectation.probability))
    return found


def entries(clip: Clip, zones: Sequence[ZoneSettings]) -> dict[Key, list[float]]:
    """When which object entered which zone, of those that had been there outside for long enough."""
    borders, first, held = Borders(zones, []), dict[int, float](), dict[int, list[bool]]()
    found: dict[Key, list[float]] = {}
    for t_s, boxes in clip:
        feet = in_frame(anchor(np.array(list(boxes.values()), np.float32).reshape(-1, 4), "foot"))
        for track, inside in zip(boxes, borders.locate(feet)[0].tolist(), strict=True):
            before = held.get(track, inside)
            known = t_s - first.setdefault(track, t_s) >= KNOWN_S
            for zone, was, now in zip(zones, before, inside, strict=True):
                if now and not was and known:
                    found.setdefault((track, zone.name), []).append(t_s)
            held[track] = inside
    return found


def near_misses(clip: Clip, labels: Mapping[int, str], settings: NearMissSettings) -> dict[Key, list[float]]:
    """When which pair came too near, of those that had been there and apart for long enough."""
    wanted, near, first = set(settings.pairs), set[Key](), dict[int, float]()
    found: dict[Key, list[float]] = {}
    moves = _moving(clip, settings.min_speed)
    for n, (t_s, boxes) in enumerate(clip):
        for track in boxes:
            first.setdefault(track, t_s)
        pairs = [(a, b) for a in boxes for b in boxes if a != b and (labels[a], labels[b]) in wanted]
        for a, b in pairs:
            far = _distance(boxes[a], boxes[b])
            if far > APART * settings.distance:
                near.discard((a, b))
            elif far < settings.distance and (a, b) not in near and moves(n, b):
                near.add((a, b))
                if t_s - max(first[a], first[b]) >= KNOWN_S and (labels[a] != labels[b] or a < b):
                    found.setdefault((a, b), []).append(t_s)
    return found


def compare(said: Sequence[Said], happened: Mapping[Key, list[float]], clip: Clip) -> Count:
    """Which of it came true, and which of what happened was expected: both by the truth alone."""
    last = {track: t_s for t_s, boxes in clip for track in boxes}
    right = undecided = 0
    for one in said:
        times = [t_s for key in (one.key, one.key[::-1]) for t_s in _of(happened, key)]
        true = any(one.at_s < t_s <= one.until_s for t_s in times)
        seen_s = min(last.get(each, clip[-1][0]) for each in one.key if isinstance(each, int))
        right += true
        undecided += not true and seen_s < one.until_s
    leads: list[float] = []
    for key, times in happened.items():
        mine = [one for one in said if one.key in (key, key[::-1])]
        for t_s in times:
            ahead = [t_s - one.at_s for one in mine if one.at_s < t_s <= one.until_s]
            leads += [max(ahead)] if ahead else []
    return Count(len(said), right, undecided, sum(map(len, happened.values())), tuple(leads), clip[-1][0] - clip[0][0])


def _of(happened: Mapping[Key, list[float]], key: object) -> list[float]:
    return next((times for known, times in happened.items() if known == key), [])


def _distance(first: F64, second: F64) -> float:
    size = [np.array([box[2] - box[0], box[3] - box[1]], np.float32) for box in (first, second)]
    unit = units(size[0], size[1])
    dx, dy = (first[0] + first[2] - second[0] - second[2]) / 2, first[3] - second[3]
    return float(np.hypot(dx / unit[0], dy / unit[1]))


def _moving(clip: Clip, min_speed: float) -> Callable[[int, int], bool]:
    """Whether an object moves in frame n, by where it is within half a second on either side."""
    rate = (len(clip) - 1) / max(clip[-1][0] - clip[0][0], 1e-6)
    reach = max(round(rate / 2), 1)

    def moves(n: int, track: int) -> bool:
        there = [k for k in (n - reach, n, n + reach) if 0 <= k < len(clip) and track in clip[k][1]]
        if len(there) < 2:
            return False
        (start_s, start), (end_s, end) = ((clip[k][0], clip[k][1][track]) for k in (there[0], there[-1]))
        dx = (end[0] + end[2] - start[0] - start[2]) / 2 / max(end[2] - end[0], 1e-6)
        dy = (end[3] - start[3]) / max(end[3] - end[1], 1e-6)
        return float(np.hypot(dx, dy)) / (end_s - start_s) >= min_speed

    return moves
