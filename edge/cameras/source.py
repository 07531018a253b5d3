"""What every camera and clip looks like to the chain."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from edge.contracts.types import U8, Frame

Paint = Callable[[U8], None]


class Source(Protocol):
    """Pictures of one camera or clip, one after the other.

    A context manager: entering opens it, leaving frees every process, file and piece of memory, whatever happened.
    One thread enters, reads and leaves. After a `SourceError` only leaving makes sense; who wants more pictures opens
    a new source.
    """

    @property
    def live(self) -> bool:
        """Whether pictures may be dropped when the chain is slower than the source."""

    def __enter__(self) -> Self:
        """Open it. Network cameras connect later, within the deadline of the first `read`.

        Raises:
            SourceError: there is no such camera or clip, or it cannot be opened.
        """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture, or None at the end of a clip (again and again, once it has ended).

        Args:
            deadline_s: when to give up, on the clock of `time.monotonic()`. A paced clip that is not due by then
                gives its picture early instead.

        Raises:
            SourceError: no picture came by the deadline, or none will come any more.
        """


def leave(pixels: U8) -> None:
    """The `Paint` of a camera without privacy masks: leaves every pixel as it is."""


class Framer:
    """Makes frames of captured pixels: paints over what nobody may see, numbers them, makes them read-only.

    Privacy masks come in here as `paint`, because here the pixels are still writable and nobody has seen them.
    """

    def __init__(self, camera: str, paint: Paint) -> None:
        self._camera = camera
        self._paint = paint
        self._seq = 0

    def frame(self, pixels: U8, t_s: float, utc_ns: int) -> Frame:
        """The next frame, of pixels (height, width, 3) BGR that nobody else will write to."""
        self._seq += 1
        return self.numbered(self._seq - 1, pixels, t_s, utc_ns)

    def numbered(self, seq: int, pixels: U8, t_s: float, utc_ns: int) -> Frame:
        """The same for a source that knows how many pictures it left out."""
        self._paint(pixels)
        pixels.flags.writeable = False
        return Frame(self._camera, seq, t_s, utc_ns, pixels)
