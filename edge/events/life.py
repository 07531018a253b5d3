"""The life of one object, from the first look at its track to its end."""

from collections import deque
from dataclasses import dataclass
from statistics import median

from edge.contracts.types import EventKind, Expectation, Near
from edge.events.polygon import Point
from edge.events.presence import Crossings, Presence
from edge.events.settings import LabelFilter

Box = tuple[float, float, float, float]

SCORES_KEPT = 31  # the newest; enough for a steady median, bounded for an object that stays all day


@dataclass(frozen=True, slots=True)
class Look:
    """One object, seen in one frame."""

    t_s: float
    box: Box
    point: Point
    score: float
    label: str
    sub_label: str
    inside: list[bool]  # the zones that want its label, and that it is seen in
    right: list[bool]  # the pieces of lines that it is on the right of


class Life:
    """What is known of one object. `is_object` stays true once its median score has passed the threshold."""

    __slots__ = (
        "_scores",
        "_told",
        "born_s",
        "box",
        "crossings",
        "gone_s",
        "is_object",
        "label",
        "point",
        "presence",
        "seen_s",
        "sub_label",
        "told_s",
        "track",
    )

    def __init__(self, track: int, first: Look) -> None:
        self.track = track
        self.box, self.point, self.label, self.sub_label = first.box, first.point, first.label, first.sub_label
        self.is_object = False
        self.presence = Presence(len(first.inside))
        self.crossings = Crossings(first.point, first.right)
        self.born_s = self.seen_s = self.told_s = first.t_s
        self.gone_s = -1.0  # when its track was found to be gone, below 0 while it is there
        self._told = (first.box, first.label, first.sub_label)
        self._scores: deque[float] = deque(maxlen=SCORES_KEPT)

    @property
    def score(self) -> float:
        """The median of its newest scores, 0 before the first that counts."""
        return median(self._scores) if self._scores else 0.0

    def look(self, look: Look, rule: LabelFilter) -> None:
        """Take in what one frame shows of it."""
        self.box, self.point, self.label, self.sub_label = look.box, look.point, look.label, look.sub_label
        self.seen_s = look.t_s
        x1, y1, x2, y2 = look.box
        if look.score >= rule.min_score and rule.min_area <= (x2 - x1) * (y2 - y1) <= rule.max_area:
            self._scores.append(look.score)
        self.presence.look(look.inside, look.t_s)

    @property
    def unit(self) -> Point:
        """Width and height of its box, above 0: what distances to it are measured in."""
        x1, y1, x2, y2 = self.box
        return max(x2 - x1, 1e-6), max(y2 - y1, 1e-6)

    def proves(self, rule: LabelFilter, min_looks: int) -> bool:
        """Whether it turns out just now to be an object."""
        if self.is_object or len(self._scores) < min_looks or self.score < rule.threshold:
            return False
        self.is_object = True
        return True

    def told(self, t_s: float) -> None:
        """Its state has just gone out with an event."""
        self.told_s = t_s
        self._told = (self.box, self.label, self.sub_label)

    def stale(self, t_s: float, gap_s: float, interval_s: float) -> bool:
        """Whether what has gone out of it is due to be replaced: something changed, or the interval is over."""
        silent_s = t_s - self.told_s
        if silent_s < gap_s:
            return False
        box, label, sub_label = self._told
        return silent_s >= interval_s or label != self.label or sub_label != self.sub_label or _moved(box, self.box)


def _moved(a: Box, b: Box) -> bool:
    """Whether the centre has gone more than half the first box's width or height."""
    dx, dy = abs(b[0] + b[2] - a[0] - a[2]), abs(b[1] + b[3] - a[1] - a[3])
    return dx > a[2] - a[0] or dy > a[3] - a[1]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that one object did, before it is put into words."""

    kind: EventKind
    life: Life
    zone: str = ""
    direction: str = ""
    expectation: Expectation | None = None
    near: Near | None = None
