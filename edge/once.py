"""A source that is tried once. The daemon opens lost cameras again and again; a command says what is wrong and ends."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from edge.cameras.opening import open_source
from edge.cameras.settings import AnySettings
from edge.cameras.source import Paint, Source
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame

Opener = Callable[[Paint], Source]


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
    """Another source, whose first trouble is its end. Use as that source."""

    def __init__(self, source: Source, trouble: Trouble) -> None:
        self._source, self._trouble = source, trouble
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
            return self._source.read(deadline_s)
        except SourceError as error:
            self._trouble.keep(error)
            return None


def once(camera: str, settings: AnySettings, trouble: Trouble, instead: Opener | None = None) -> Opener:
    """The configured source, or another that stands in for it, tried once. For `edge.assembly.build_camera`."""
    opened = instead or (lambda paint: open_source(camera, settings, paint))
    return lambda paint: Once(opened(paint), trouble)
