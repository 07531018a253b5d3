"""Which zones one object is in and which lines it has crossed, without flapping.

Two thresholds keep a border quiet. In time: what looks contrary to the state must go on for the border's inertia,
over at least two looks unless the inertia is 0. In space: to leave a zone, or to have crossed a line, the object must
also get clear of the border, by a fraction of its own box, since that is how boxes jitter.
Only looks at the object move the state; where a tracker merely guesses it to be, does not.
"""

from collections.abc import Callable, Sequence

from edge.events.polygon import Point
from edge.events.zones import Borders

Clear = Callable[[int], bool]  # whether the object is clear of zone or line number so-and-so


class Presence:
    """The zones that one object is in."""

    __slots__ = ("_doubt_s", "entered_s", "inside", "loitered")

    def __init__(self, zones: int) -> None:
        self.inside = [False] * zones
        self.entered_s: dict[int, float] = {}  # when it was first seen inside, of the zones that it is in
        self.loitered: set[int] = set()
        self._doubt_s: dict[int, float] = {}  # since when looks contradict the state

    def look(self, now: list[bool], t_s: float) -> None:
        """The object is seen inside these zones, and no others."""
        if now == self.inside:
            if self._doubt_s:
                self._doubt_s.clear()
            return
        for zone, (seen, held) in enumerate(zip(now, self.inside, strict=True)):
            if seen == held:
                self._doubt_s.pop(zone, None)
            else:
                self._doubt_s.setdefault(zone, t_s)

    def settle(self, t_s: float, inertia_s: Sequence[float], clear: Clear) -> list[tuple[int, float]]:
        """Zones whose state changes now, each with the time at which it was first seen changed."""
        changed = []
        for zone, since in list(self._doubt_s.items()):
            if t_s - since < inertia_s[zone] or (self.inside[zone] and not clear(zone)):
                continue
            del self._doubt_s[zone]
            self.inside[zone] = not self.inside[zone]
            if self.inside[zone]:
                self.entered_s[zone] = since
            else:
                self.forget(zone)
            changed.append((zone, since))
        return changed

    def forget(self, zone: int) -> None:
        """The stay in this zone is over."""
        self.inside[zone] = False
        self.entered_s.pop(zone, None)
        self.loitered.discard(zone)

    @property
    def doubtful(self) -> bool:
        """Whether `settle` may have anything to do."""
        return bool(self._doubt_s)

    def doubted_since(self, zone: int) -> float | None:
        """When looks began to contradict the state, None where they agree with it."""
        return self._doubt_s.get(zone)


class Crossings:
    """The lines that one object passes."""

    __slots__ = ("_pending", "_point", "_right")

    def __init__(self, point: Point, right: list[bool]) -> None:
        self._point = point
        self._right = right
        self._pending: dict[int, tuple[int, float]] = {}  # line: passes forward less backward, since when

    def look(self, point: Point, right: list[bool], t_s: float, borders: Borders) -> None:
        """The object is seen at this point, on the right of these pieces of lines."""
        if right != self._right:
            for line, net in borders.passed(self._point, point, self._right, right).items():
                before, since = self._pending.pop(line, (0, t_s))
                if before + net:
                    self._pending[line] = (before + net, since)
        self._point, self._right = point, right

    def settle(self, t_s: float, inertia_s: Sequence[float], clear: Clear) -> list[tuple[int, str, float]]:
        """Lines that have been crossed for good: number, direction, and when they were."""
        crossed = []
        for line, (net, since) in list(self._pending.items()):
            if t_s - since >= inertia_s[line] and clear(line):
                del self._pending[line]
                crossed.append((line, "forward" if net > 0 else "backward", since))
        return crossed

    @property
    def doubtful(self) -> bool:
        """Whether `settle` may have anything to do."""
        return bool(self._pending)

    def doubted_since(self, line: int) -> float | None:
        """When the object passed a line that it may yet come back over, None where it did not."""
        return self._pending[line][1] if line in self._pending else None
