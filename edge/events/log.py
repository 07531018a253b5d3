"""What happened: from the tracks and forecasts of each frame to the events that leave the device."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from edge.contracts.errors import ConfigError
from edge.contracts.scores import ExpectationScore
from edge.contracts.stored import Json
from edge.contracts.types import F32, Event, EventKind, Forecasts, PathPoint, Tracks
from edge.events.changes import Changes
from edge.events.life import Happening, Life, Look
from edge.events.paths import paths_of
from edge.events.settings import EventSettings, LineSettings, ZoneSettings
from edge.events.zones import anchor, in_frame

COUNTED = (EventKind.NEW, EventKind.ENTERED)
CAMERA = ""  # the key of the counts of the whole picture


class _Moment(NamedTuple):
    """What one step is about."""

    t_s: float
    utc_ns: int
    rows: Mapping[int, int]  # row of each track in the forecasts
    forecasts: Forecasts


class EventLog:
    """The objects of one camera: their lives, their zones and lines, and what is expected of them.

    `step` once per frame that was looked at, also when nothing is there; `close` when the camera is gone or the
    daemon stops, so that nothing stays present. Tracks that never prove to be objects make no events and no counts.
    """

    def __init__(
        self,
        camera: str,
        labels: Sequence[str],
        settings: EventSettings,
        zones: Sequence[ZoneSettings],
        lines: Sequence[LineSettings],
    ) -> None:
        _refuse_clashes(camera, [*zones, *lines])
        self._camera, self._labels, self._settings = camera, list(labels), settings
        self._changes = Changes(camera, settings, zones, lines)
        self._borders = self._changes.borders
        wants = [[zone.wants(label) for zone in self._borders.zones] for label in labels]
        self._wants = np.array(wants, bool).reshape(len(labels), len(zones))
        self._heard = [not settings.labels or label in settings.labels for label in labels]
        self._lives: dict[int, Life] = {}
        self._counted: dict[str, set[str]] = {name: set() for name in (CAMERA, *(zone.name for zone in zones))}
        self._now_s = 0.0

    def step(
        self, tracks: Tracks, forecasts: Forecasts, sub_labels: Mapping[int, str], t_s: float, utc_ns: int
    ) -> list[Event]:
        """What happened since the frame before, in order.

        Args:
            tracks: the objects there now; those with `lost_s` above 0 keep their state.
            forecasts: of the same rows.
            sub_labels: by track id, where there is one.
            t_s: time of the frame, monotonic seconds.
            utc_ns: the same by the wall clock, for the events.
        """
        self._now_s = t_s
        point = in_frame(anchor(tracks.box, self._settings.anchor))
        rows: dict[int, int] = {track: row for row, track in enumerate(tracks.id.tolist())}
        happened: list[Happening] = []
        seen: dict[int, Life] = {}
        for row, life, look in self._looks(tracks, point, sub_labels):
            seen[row] = life
            happened += self._changes.lived(life, look)
        happened += self._changes.foretold(
            seen, self._lives, lambda: paths_of(point, forecasts, self._settings.anchor), t_s
        )
        happened += self._gone(rows)
        return self._events(happened, _Moment(t_s, utc_ns, rows, forecasts))

    def require(self, threshold: float) -> None:
        """From now on, the least median score of an object whose label has no filter of its own, 0..1."""
        self._changes.require(threshold)

    def close(self, utc_ns: int) -> list[Event]:
        """End every object, as when the camera is gone; a track that goes on afterwards is a new object."""
        happened = [happening for life in self._lives.values() for happening in self._changes.ended(life, self._now_s)]
        self._lives.clear()
        self._changes.interrupted()
        return self._events(happened, _Moment(self._now_s, utc_ns, {}, Forecasts.empty()))

    def counts(self) -> dict[str, dict[str, int]]:
        """How many objects are there now, by zone and label; the whole picture is the zone `""`.

        Counted anew from the objects at each call. A label appears once it has been there, and stays with 0.
        """
        counts = {zone: dict.fromkeys(sorted(labels), 0) for zone, labels in self._counted.items()}
        names = [zone.name for zone in self._borders.zones]
        for life in self._lives.values():
            if life.is_object:
                inside = [name for name, held in zip(names, life.presence.inside, strict=True) if held]
                for zone in (CAMERA, *inside):
                    counts[zone][life.label] = counts[zone].get(life.label, 0) + 1
        for zone, by_label in counts.items():
            self._counted[zone].update(by_label)
        return counts

    @property
    def near_misses(self) -> bool:
        """Whether near misses are looked for."""
        return self._settings.expected.enabled and self._settings.expected.near_miss.enabled

    def scores(self) -> list[ExpectationScore]:
        """How good the expectations were so far, by place."""
        return self._changes.scores()

    def score_state(self) -> dict[str, Json]:
        """The scores as they are to be kept over a restart."""
        return self._changes.score_state()

    def restore_scores(self, kept: Mapping[str, Json]) -> None:
        """Go on with the scores of an earlier run; those of places that were drawn anew begin anew."""
        self._changes.restore_scores(kept)

    def _looks(self, tracks: Tracks, point: F32, sub_labels: Mapping[int, str]) -> Iterator[tuple[int, Life, Look]]:
        """Row, life and look of each object that is seen in this frame."""
        inside, right = self._borders.locate(point)
        inside &= self._wants[tracks.label]
        columns = (tracks.id, tracks.box, tracks.score, tracks.label, tracks.lost_s, point, inside, right)
        for row, cells in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
            track, (x1, y1, x2, y2), score, label, lost_s, (x, y), zones, sides = cells
            life = self._lives.get(track)
            if life is not None:
                life.gone_s = -1.0
            if lost_s > 0 or not self._heard[label]:
                continue
            sub_label = sub_labels.get(track, "")
            name = self._labels[label]
            look = Look(self._now_s, (x1, y1, x2, y2), (x, y), score, name, sub_label, zones, sides)
            if life is None:
                life = self._lives[track] = Life(track, look)
            yield row, life, look

    def _gone(self, present: Mapping[int, int]) -> list[Happening]:
        """End the objects whose tracks have been gone for long enough."""
        happened: list[Happening] = []
        for track in sorted(self._lives.keys() - present.keys()):
            life = self._lives[track]
            if life.gone_s < 0:
                life.gone_s = self._now_s
            if self._now_s - life.gone_s >= self._settings.end_delay_s:
                happened += self._changes.ended(life, self._now_s)
                del self._lives[track]
        return happened

    def _events(self, happened: Sequence[Happening], moment: _Moment) -> list[Event]:
        for happening in happened:
            happening.life.told(moment.t_s)
            if happening.kind in COUNTED:
                self._counted[happening.zone].add(happening.life.label)
        return [self._event(happening, moment) for happening in happened]

    def _event(self, happening: Happening, moment: _Moment) -> Event:
        life = happening.life
        return Event(
            kind=happening.kind,
            camera=self._camera,
            track=life.track,
            label=life.label,
            sub_label=life.sub_label,
            score=life.score,
            box=life.box,
            utc_ns=moment.utc_ns,
            zone=happening.zone,
            direction=happening.direction,
            forecast=_path(moment, life.track),
            expectation=happening.expectation,
            near=happening.near,
        )


def _path(moment: _Moment, track: int) -> tuple[PathPoint, ...]:
    """The forecast of one track, nothing where it is gone."""
    row = moment.rows.get(track)
    if row is None:
        return ()
    points = moment.forecasts
    columns = zip(points.horizon_s.tolist(), points.box[row].tolist(), points.sigma[row].tolist(), strict=True)
    return tuple(PathPoint(horizon_s, (x1, y1, x2, y2), sigma) for horizon_s, (x1, y1, x2, y2), sigma in columns)


def _refuse_clashes(camera: str, borders: Sequence[ZoneSettings | LineSettings]) -> None:
    names = [border.name for border in borders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"camera {camera}: {', '.join(twice)} names more than one zone or line; rename all but one")
