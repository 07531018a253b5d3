"""A source that is tried once. The daemon opens lost cameras again and again; a command says what is wrong and ends."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from edge.cameras.opening import open_source
from edge.cameras.source import Paint, Source
from edge.cameras.watch import CameraWatchSettings, PictureWatch, Showing
from edge.config.settings import CameraSettings
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame
from edge.engine import Engine
from edge.periodic import Periodic

Opener = Callable[[Paint], Source]
LOOK_S = 1.0  # how often it is seen whether a camera hangs


class Trouble:
    """Keeps what went wrong with a source; `check` raises it when all else is done."""

    def __init__(self) -> None:
        self._error: SourceError | None = None

    def keep(self, error: SourceError) -> None:
        """Remember the first error."""
        self._error = self._error or error

    def check(self) -> None:
        """Raise it.

        Raises:
            SourceError: the source could not be opened or broke off.
        """
        if self._error is not None:
            raise self._error


class Once:
    """Another source, whose first trouble is its end; one and the same picture for long is trouble, too.

    Use as that source.
    """

    def __init__(self, camera: str, source: Source, watch: CameraWatchSettings, trouble: Trouble) -> None:
        self._camera, self._source, self._trouble = camera, source, trouble
        self._watch, self._frozen_s = PictureWatch(watch), watch.frozen_s
        self._open = False

    @property
    def live(self) -> bool:
        """As the source itself."""
        return self._source.live

    def __enter__(self) -> Self:
        """Open it, or be at the end at once."""
        try:
            self._source.__enter__()
            self._open = True
        except SourceError as error:
            self._trouble.keep(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it where it was opened."""
        if self._open:
            self._source.__exit__(kind, error, trace)

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture; None at the end and after trouble."""
        if not self._open:
            return None
        try:
            frame = self._source.read(deadline_s)
        except SourceError as error:
            self._trouble.keep(error)
            return None
        if frame is not None and self.live and self._watch.step(frame) is Showing.FROZEN:
            sent = f"camera {self._camera}: sends one and the same picture for {self._frozen_s:g} s"
            self._trouble.keep(SourceError(f"{sent}; it is frozen: restart it, then try again"))
            return None
        return frame


def once(name: str, camera: CameraSettings, trouble: Trouble, instead: Opener | None = None) -> Opener:
    """The configured source, or another that stands in for it, tried once. For `edge.assembly.build_camera`."""
    opened = instead or (lambda paint: open_source(name, camera.source, paint))
    return lambda paint: Once(name, opened(paint), camera.health, trouble)


def run_once(engine: Engine, trouble: Trouble) -> None:
    """Run an engine to its end, which is also a camera that hangs or is lost: nobody opens it anew.

    Args:
        engine: entered; its sources are tried once.
        trouble: of those sources; that of the engine with a camera is kept in it as well.
    """

    def look() -> None:
        lost = [(name, counts.why) for name, (counts, _) in engine.counts().items() if counts.lost]
        late = [(name, "hangs, no picture came") for name in engine.counts() if hangs(engine, name)]
        for name, why in [*lost, *late][:1]:
            trouble.keep(SourceError(f"camera {name}: {why}; unplug it, plug it in again, and try again"))
            engine.stop()

    with Periodic(look, LOOK_S, LOOK_S):
        engine.run()


def hangs(engine: Engine, camera: str) -> bool:
    """Whether the thread of a camera does not come round as it should."""
    return engine.due_s()[f"camera {camera}"] < time.monotonic()
