"""An observer that shows what the engine does: a live view in a terminal, lines of text elsewhere."""

import time
from types import TracebackType
from typing import Self

import numpy as np
from rich.console import Console
from rich.live import Live as RichLive

from edge.capture import Camera
from edge.contracts.errors import EdgeError
from edge.contracts.types import Event
from edge.demo.screen import ScreenState, describe, screen
from edge.drawing import draw_forecasts, draw_tracks
from edge.engine import Engine
from edge.observer import Observer
from edge.pipeline import Followed

REFRESH_S = 0.2  # of the live view; drawing more often would only warm the board


class Live(Observer):
    """Use as a context manager around the engine's run. Stops the engine after so many seconds of pictures."""

    def __init__(self, console: Console, title: str, seconds: float) -> None:
        self._console, self._seconds = console, seconds
        self._state = ScreenState(title, np.zeros((9, 16, 3), np.uint8))
        self._view = RichLive(console=console, screen=True, auto_refresh=False) if console.is_terminal else None
        self._engine: Engine | None = None
        self._first_s = self._shown_s = -np.inf
        self._frames = self._events = self._looks = 0
        self._tracks: set[int] = set()
        self._start_s = time.monotonic()

    def __enter__(self) -> Self:
        if self._view:
            self._view.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._view:
            self._view.stop()

    def attach(self, engine: Engine) -> None:
        """The engine to stop when the time is over."""
        self._engine = engine

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Count, tell events, and now and then redraw."""
        frame = followed.sensed.frame
        self._first_s = frame.t_s if self._frames == 0 else self._first_s
        self._frames += 1
        self._looks += followed.looked
        self._tracks.update(followed.tracks.id.tolist())
        self._tell(followed.events)
        if self._view and time.monotonic() - self._shown_s >= REFRESH_S:
            self._redraw(self._view, camera, followed)
        if frame.t_s - self._first_s >= self._seconds and self._engine:
            self._engine.stop()

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """The pictures have ended."""
        self._tell(events)

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """The demonstration shows errors as they are."""
        raise error

    def summary(self, took_s: float) -> str:
        """What was shown, in one line."""
        return (
            f"{self._frames} frames in {took_s:.1f} s ({self._frames / took_s:.1f} frames/s, drawing and encoding "
            f"included), {self._looks} looks of the detector, {len(self._tracks)} tracks, {self._events} events."
        )

    def _tell(self, events: list[Event]) -> None:
        self._events += len(events)
        for event in events:
            self._state.events.append(describe(event))
            if self._view is None:
                self._console.print(describe(event), highlight=False, markup=False, soft_wrap=True)

    def _redraw(self, view: RichLive, camera: Camera, followed: Followed) -> None:
        self._shown_s = time.monotonic()
        state, names = self._state, followed.names(camera.chain.labels)
        picture = followed.sensed.frame.pixels.copy()
        draw_forecasts(picture, followed.tracks, followed.forecasts)
        draw_tracks(picture, followed.tracks, names)
        state.pixels, state.tracks, state.forecasts, state.names = picture, followed.tracks, followed.forecasts, names
        rate = self._frames / (self._shown_s - self._start_s)
        state.rates = f"{self._frames} frames, {rate:.1f}/s, {len(self._tracks)} tracks, {self._events} events"
        view.update(screen(state), refresh=True)
