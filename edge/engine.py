"""The threads: one for each camera, and one, the caller's, that runs the chains of all cameras in fair turns."""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from edge.capture import ALONE_S, Camera, CameraCounts, Capture, Item, Past
from edge.contracts.errors import EdgeError
from edge.mailbox import Mailbox
from edge.observer import Observer

CLOSE_S = 1.0  # for cameras to close; one that hangs in a read is left behind, it ends when that does
PATIENCE_S = 30.0  # one turn of the inference thread takes no longer, whatever the model
MENDS = 3  # threads that a camera gets anew within ten minutes
_TURN_S = 0.2  # how soon the inference thread notices that it shall stop
_log = logging.getLogger(__name__)


class Engine:
    """Runs cameras and their chains. Use as a context manager: the cameras start on entering, `run` does the work.

    Whoever sets the event `stop` ends the run; without one `Engine.stop` does. `between` is called between two frames,
    on the inference thread, also where none come.
    """

    def __init__(
        self,
        cameras: Sequence[Camera],
        observers: Sequence[Observer],
        stop: threading.Event | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self._observers, self._between = tuple(observers), between
        self._mailbox: Mailbox[Item] = Mailbox()
        self._stop = stop or threading.Event()
        self._present: dict[str, int] = {}  # the opening of each camera whose frames are being followed
        self._due_s = math.inf
        self._mended: dict[str, list[float]] = {}  # when each camera was given a new thread
        self._threads = [Capture(c, self._mailbox.slot(live=c.live), self._stop, Past()) for c in cameras]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._mailbox.close()
        deadline_s = time.monotonic() + CLOSE_S
        for thread in self._threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def stop(self) -> None:
        """Make `run` return soon. May be called on any thread and from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Follow every camera until all clips have ended or `stop` is called, then end what was there."""
        while not self._stop.is_set() and not self._mailbox.drained:
            self._due_s = time.monotonic() + PATIENCE_S
            self._between()
            item = self._mailbox.take(time.monotonic() + _TURN_S)
            if item is not None:
                self._turn(item)
        self._due_s = math.inf
        if self._stop.is_set():
            for thread in self._threads:
                self._gone(thread.camera)

    def counts(self) -> dict[str, tuple[CameraCounts, int]]:
        """What each camera's thread has counted, and how many pictures newer ones replaced."""
        return {thread.camera.name: (thread.counts, thread.slot.dropped) for thread in self._threads}

    def due_s(self) -> Mapping[str, float]:
        """By when each thread comes round again, unless it hangs, by its name; on the clock of `time.monotonic()`."""
        cameras = {f"camera {thread.camera.name}": thread.counts.due_s for thread in self._threads}
        return {"inference": self._due_s, **cameras}

    def mend(self) -> None:
        """Give each camera whose thread hangs a new one: the kernel may hold it for ever, the others go on meanwhile.

        May be called on any thread, again and again. A camera whose threads keep hanging is left alone for ten minutes.
        """
        now_s = time.monotonic()
        for index, hung in enumerate(self._threads):
            if hung.counts.due_s >= now_s or self._stop.is_set():
                continue
            name = hung.camera.name
            recent = [at_s for at_s in self._mended.get(name, []) if now_s - at_s < ALONE_S]
            self._mended[name] = [*recent, now_s]
            slot = self._mailbox.slot(live=hung.camera.live)
            self._threads[index] = Capture(hung.camera, slot, self._stop, hung.abandon())
            if len(recent) >= MENDS:
                self._threads[index].give_up("hangs again and again; left alone for ten minutes")
            else:
                _log.error("camera %s: hangs; given a new thread", name)
                self._threads[index].start()

    def _turn(self, item: Item) -> None:
        camera = item.camera
        if item.sensed is None or self._present.get(camera.name, item.opening) != item.opening:
            self._gone(camera)
        if item.sensed is None:
            return
        self._present[camera.name] = item.opening
        try:
            followed = camera.chain.step(item.sensed)
        except EdgeError as error:
            self._failed(camera, error)
        except Exception as error:  # noqa: BLE001 - one camera must not end the others
            _log.exception("camera %s: a fault of ours", camera.name)
            self._failed(camera, EdgeError(f"camera {camera.name}: {error!r}, a fault of Foresight; please report it"))
        else:
            for observer in self._observers:
                observer.seen(camera, followed)

    def _failed(self, camera: Camera, error: EdgeError) -> None:
        for observer in self._observers:
            observer.failed(camera, error)

    def _gone(self, camera: Camera) -> None:
        """End what was there, once."""
        self._present.pop(camera.name, None)
        events = camera.chain.close()
        for observer in self._observers:
            observer.gone(camera, events)
