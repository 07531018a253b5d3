"""What one more look at an object changes: it proves to be one, enters, leaves, loiters, crosses, is told of again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from edge.contracts.scores import ExpectationScore
from edge.contracts.stored import Json
from edge.contracts.types import EventKind
from edge.events.expected import Expectations
from edge.events.life import Happening, Life, Look
from edge.events.near import NearMisses
from edge.events.paths import Paths
from edge.events.settings import EventSettings, LineSettings, ZoneSettings
from edge.events.zones import Border, Borders


class Changes:
    """The rules of one camera by which lives change."""

    def __init__(
        self, camera: str, settings: EventSettings, zones: Sequence[ZoneSettings], lines: Sequence[LineSettings]
    ) -> None:
        self.borders = Borders(zones, lines)
        numbers = count(1)
        self._expected = Expectations(settings.expected, self.borders, settings.border, numbers)
        near, half_life_h = settings.expected.near_miss, settings.expected.score_half_life_h
        if not settings.expected.enabled:
            near = near.model_copy(update={"enabled": False})
        self._near = NearMisses(camera, near, half_life_h, numbers)
        self._keepers = [self._expected.keeper, *([self._near.keeper] if near.enabled else [])]
        self._settings = settings
        self._default = settings.default
        self._loiter_s = [zone.loiter_s or float("inf") for zone in zones]
        self._zone_inertia_s = [zone.inertia_s for zone in zones]
        self._line_inertia_s = [line.inertia_s for line in lines]

    def require(self, threshold: float) -> None:
        """From now on, the least median score of an object whose label has no filter of its own, 0..1."""
        if threshold != self._default.threshold:
            self._default = self._default.model_copy(update={"threshold": threshold})

    def scores(self) -> list[ExpectationScore]:
        """Of each zone and line, and of the near misses under the camera's name; none where nothing is expected."""
        if not self._settings.expected.enabled:
            return []
        return [score for keeper in self._keepers for score in keeper.scores()]

    def score_state(self) -> dict[str, Json]:
        """The same, to be kept."""
        return {place: kept for keeper in self._keepers for place, kept in keeper.state().items()}

    def restore_scores(self, kept: Mapping[str, Json]) -> None:
        """Go on with those of an earlier run."""
        for keeper in self._keepers:
            keeper.restore(kept)

    def interrupted(self) -> None:
        """The camera is away: nothing is watched until it is back."""
        for keeper in self._keepers:
            keeper.interrupted()

    def foretold(
        self, seen: Mapping[int, Life], lives: Mapping[int, Life], paths: Callable[[], Paths], t_s: float
    ) -> Iterator[Happening]:
        """What is newly expected of the objects seen (by row of the paths), and what of old turned out not to happen.

        Args:
            seen: in this frame.
            lives: all that still go on, by track.
            paths: made only where they are asked for.
            t_s: now.
        """
        yield from self._expected.overdue(lives, t_s)
        yield from self._near.overdue(lives, t_s)
        asked = [each for each in (self._expected, self._near) if seen and each.due(t_s)]
        if asked:
            made = paths()
            for each in asked:
                yield from each.ask(seen, made, t_s)

    def lived(self, life: Life, look: Look) -> list[Happening]:
        """Take one look into a life, and say what happened by it."""
        rule = self._settings.filters.get(look.label, self._default)
        life.look(look, rule)
        life.crossings.look(look.point, look.right, look.t_s, self.borders)
        happened: list[Happening] = []
        if life.proves(rule, self._settings.min_looks):
            happened.append(Happening(EventKind.NEW, life))
        if not life.is_object:
            return happened
        if life.presence.doubtful:
            happened += self._moved_zones(life, look)
        if life.crossings.doubtful:
            happened += self._crossed(life, look)
        if life.presence.entered_s:
            happened += self._loitering(life, look.t_s)
        if not happened and life.stale(look.t_s, self._settings.update_gap_s, self._settings.update_interval_s):
            happened.append(Happening(EventKind.UPDATE, life))
        return happened

    def ended(self, life: Life, t_s: float) -> Iterator[Happening]:
        """The object is gone: out of every zone, nothing expected of it any more."""
        if not life.is_object:
            return
        yield from self._expected.ended(life, t_s)
        yield from self._near.ended(life, t_s)
        for zone, inside in enumerate(life.presence.inside):
            if inside:
                life.presence.forget(zone)
                yield Happening(EventKind.LEFT, life, self.borders.zones[zone].name)
        yield Happening(EventKind.END, life)

    def _moved_zones(self, life: Life, look: Look) -> Iterator[Happening]:
        def clear(zone: int) -> bool:
            border = self.borders.zones[zone]
            return not border.wants(look.label) or self._clear_of(border, life)

        for zone, since in life.presence.settle(look.t_s, self._zone_inertia_s, clear):
            name = self.borders.zones[zone].name
            if not life.presence.inside[zone]:
                yield Happening(EventKind.LEFT, life, name)
                continue
            yield Happening(EventKind.ENTERED, life, name)
            yield from self._expected.reached(life, zone, "", since, look.t_s)

    def _crossed(self, life: Life, look: Look) -> Iterator[Happening]:
        def clear(line: int) -> bool:
            return self._clear_of(self.borders.lines[line], life)

        for line, way, since in life.crossings.settle(look.t_s, self._line_inertia_s, clear):
            border = self.borders.lines[line]
            if border.wants(look.label):
                yield Happening(EventKind.CROSSED, life, border.name, way)
                yield from self._expected.reached(life, line, way, since, look.t_s)

    def _loitering(self, life: Life, t_s: float) -> Iterator[Happening]:
        for zone, since in life.presence.entered_s.items():
            if t_s - since >= self._loiter_s[zone] and zone not in life.presence.loitered:
                life.presence.loitered.add(zone)
                yield Happening(EventKind.LOITERING, life, self.borders.zones[zone].name)

    def _clear_of(self, border: Border, life: Life) -> bool:
        return border.distance(life.point, life.unit) >= self._settings.border
