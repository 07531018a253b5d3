"""The threads: one for each camera, and one, the caller's, that runs the chains of all cameras in fair turns."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from edge.cameras.source import Source
from edge.contracts.errors import EdgeError, SourceError
from edge.contracts.types import Event
from edge.mailbox import Mailbox, Slot
from edge.pipeline import Chain, Followed, Intake, Sensed

READ_S = 10.0  # a camera that gives no picture for so long is opened anew
RETRY_MIN_S, RETRY_MAX_S = 0.5, 30.0
CLOSE_S = 5.0
_TURN_S = 0.2  # how soon the inference thread notices that it shall stop
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Camera:
    """What the engine needs to know of one camera. `live`: when the chain is slow, the newest frame wins."""

    name: str
    live: bool
    open: Callable[[], Source]
    intake: Intake
    chain: Chain


class Observer(Protocol):
    """Takes what the chains find out. Called on the inference thread, in order; must be quick."""

    def seen(self, camera: Camera, followed: Followed) -> None:
        """A frame has been followed."""

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """A camera has ended or been lost; `events` end what was there."""

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """A frame could not be followed. Raising ends the engine."""


@dataclass(frozen=True, slots=True)
class _Gone:
    """What a camera's thread puts into its slot when there are no more pictures for now."""


@dataclass(slots=True)
class CameraCounts:
    """What one camera's thread counts."""

    captured: int = 0
    online: bool = False
    why: str = "not opened yet"


class _CameraThread:
    """Reads one camera, for ever: opens it anew with growing, jittered pauses when it is lost."""

    def __init__(self, camera: Camera, slot: Slot[tuple[Camera, Sensed | _Gone]], stop: threading.Event) -> None:
        self.camera, self.slot, self.counts = camera, slot, CameraCounts()
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = RETRY_MIN_S
        while not self._stop.is_set():
            captured = self.counts.captured
            try:
                self._watch()
                break  # the end of a clip
            except SourceError as error:
                self._lost(error)
            pause_s = RETRY_MIN_S if self.counts.captured > captured else min(pause_s * 2, RETRY_MAX_S)
            self._stop.wait(random.uniform(RETRY_MIN_S / 2, pause_s))
        self._put(_Gone())
        self.slot.close()

    def _watch(self) -> None:
        """Hand over pictures until the clip ends or the engine stops."""
        camera, counts = self.camera, self.counts
        with camera.open() as source:
            while not self._stop.is_set():
                frame = source.read(time.monotonic() + READ_S)
                if frame is None:
                    return
                if not counts.online:
                    counts.online, counts.why = True, ""
                    _log.info("camera %s: %d x %d", camera.name, frame.pixels.shape[1], frame.pixels.shape[0])
                counts.captured += 1
                self._put(camera.intake.step(frame))

    def _lost(self, error: SourceError) -> None:
        if self.counts.online or str(error) != self.counts.why:
            _log.warning("camera %s: %s; trying again, at most every %g s", self.camera.name, error, RETRY_MAX_S)
            self._put(_Gone())
        self.counts.online, self.counts.why = False, str(error)

    def _put(self, item: Sensed | _Gone) -> None:
        while not self._stop.is_set() and not self.slot.closed:
            if self.slot.put((self.camera, item), time.monotonic() + 1.0):
                return


class Engine:
    """Runs cameras and their chains. Use as a context manager: the cameras start on entering, `run` does the work."""

    def __init__(self, cameras: Sequence[Camera], observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)
        self._mailbox: Mailbox[tuple[Camera, Sensed | _Gone]] = Mailbox()
        self._stop = threading.Event()
        self._threads = [_CameraThread(c, self._mailbox.slot(live=c.live), self._stop) for c in cameras]

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
            item = self._mailbox.take(time.monotonic() + _TURN_S)
            if item is not None:
                self._turn(*item)
        if self._stop.is_set():
            for thread in self._threads:
                self._gone(thread.camera)

    def counts(self) -> dict[str, tuple[CameraCounts, int]]:
        """What each camera's thread has counted, and how many pictures newer ones replaced."""
        return {thread.camera.name: (thread.counts, thread.slot.dropped) for thread in self._threads}

    def _turn(self, camera: Camera, item: Sensed | _Gone) -> None:
        if isinstance(item, _Gone):
            self._gone(camera)
            return
        try:
            followed = camera.chain.step(item)
        except EdgeError as error:
            for observer in self._observers:
                observer.failed(camera, error)
            return
        for observer in self._observers:
            observer.seen(camera, followed)

    def _gone(self, camera: Camera) -> None:
        events = camera.chain.close()
        for observer in self._observers:
            observer.gone(camera, events)
