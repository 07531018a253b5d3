"""The live view in the terminal: the picture itself, its tracks and where they will be, and the event log."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from rich.color import Color
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from edge.contracts.types import U8, Event, Forecasts, Tracks
from edge.drawing import colour_of

_EVENTS_SHOWN = 12
_TRACKS_SHOWN = 10


@lru_cache(maxsize=8192)
def _cell(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Style:
    """The style of a half block whose upper pixel is `top` (BGR) and lower is `bottom`."""
    return Style(color=Color.from_rgb(*top[::-1]), bgcolor=Color.from_rgb(*bottom[::-1]))


class Picture:
    """A small BGR picture as coloured half blocks, two pixels to a character."""

    def __init__(self, pixels: U8) -> None:
        self._pixels = pixels

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = (options.height or 24) * 2
        aspect = self._pixels.shape[1] / self._pixels.shape[0]
        width = min(options.max_width, round(height * aspect))
        height = min(height, round(width / aspect) // 2 * 2)
        small = cv2.resize(self._pixels, (max(width, 1), max(height, 2)), interpolation=cv2.INTER_AREA)
        yield from self._segments((small & 0xF8).tolist())  # fewer colours: more of the styles are cached

    @staticmethod
    def _segments(rows: list[list[list[int]]]) -> Iterator[Segment]:
        for upper, lower in zip(rows[::2], rows[1::2], strict=True):
            for top, bottom in zip(upper, lower, strict=True):
                yield Segment("▀", _cell((top[0], top[1], top[2]), (bottom[0], bottom[1], bottom[2])))
            yield Segment.line()


@dataclass(slots=True)
class ScreenState:
    """What the live view shows; the engine's observer writes it, the view reads it."""

    title: str
    pixels: U8
    tracks: Tracks = field(default_factory=Tracks.empty)
    forecasts: Forecasts | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    rates: str = ""
    events: deque[str] = field(default_factory=lambda: deque(maxlen=_EVENTS_SHOWN))


def describe(event: Event) -> str:
    """An event as one line of a log."""
    where = f" {event.zone}" if event.zone else ""
    how = f" {event.direction}" if event.direction else ""
    text = f"{event.kind.value:9} {event.camera}{where}{how}  {event.sub_label or event.label} {event.track}"
    if event.expectation is None:
        return f"{text}  {event.score:.2f}"
    said = event.expectation
    if event.near:
        text += f" and {event.near.label} {event.near.track} at {event.near.distance:.1f}"
    return f"{text}  #{said.number} {said.outcome.value}, {said.probability:.0%}, {said.eta_s:.1f} s"


def track_table(state: ScreenState) -> Table:
    """One row per object: what it is, how sure, how fast, where in one second or so."""
    table = Table(expand=True, box=None, header_style="bold")
    for heading in ("id", "what", "score", "speed /s", "expected at"):
        table.add_column(heading, no_wrap=True)
    forecasts = state.forecasts
    for row, track in enumerate(state.tracks.id.tolist()[:_TRACKS_SHOWN]):
        blue, green, red = colour_of(track)
        velocity = state.tracks.velocity[row]
        speed = float(np.hypot(velocity[0] + velocity[2], velocity[1] + velocity[3]) / 2)
        ahead = "" if forecasts is None or not len(forecasts) else _expected(forecasts, row)
        name = state.names.get(track, "")
        style = Style(color=Color.from_rgb(red, green, blue), dim=bool(state.tracks.lost_s[row] > 0))
        table.add_row(str(track), Text(name), f"{state.tracks.score[row]:.2f}", f"{speed:.1%}", ahead, style=style)
    return table


def _expected(forecasts: Forecasts, row: int) -> str:
    """The forecast nearest to one second ahead, in words."""
    column = int(np.abs(forecasts.horizon_s - 1).argmin())
    x1, y1, x2, y2 = forecasts.box[row, column].tolist()
    sigma, horizon = float(forecasts.sigma[row, column]), float(forecasts.horizon_s[column])
    return f"{(x1 + x2) / 2:4.0%},{(y1 + y2) / 2:4.0%} ±{sigma:.1%} in {horizon:g} s"


def screen(state: ScreenState) -> Layout:
    """The whole view for a terminal of any size."""
    layout = Layout()
    layout.split_column(Layout(name="top"), Layout(name="log", size=_EVENTS_SHOWN + 2))
    layout["top"].split_row(Layout(name="picture", ratio=3), Layout(name="tracks", ratio=2))
    layout["picture"].update(Panel(Picture(state.pixels), title=Text(state.title), subtitle=state.rates))
    layout["tracks"].update(Panel(track_table(state), title="tracks and forecasts"))
    lines = [Text(line, no_wrap=True, overflow="ellipsis") for line in state.events]
    layout["log"].update(Panel(Group(*lines), title="events"))
    return layout
