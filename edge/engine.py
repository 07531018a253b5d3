"""The threads: one for each camera, and one, the caller's, that runs the chains of all cameras in fair turns."""

import logging
import math
import os
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self

from edge.cameras.source import Source
from edge.contracts.errors import EdgeError, SourceError
from edge.contracts.types import Event, Frame
from edge.control.knobs import Knobs
from edge.mailbox import Mailbox, Slot
from edge.pipeline import Chain, Followed, Intake, Sensed

READ_S = 10.0  # a camera that gives no picture for so long is opened anew
RETRY_MIN_S, RETRY_MAX_S = 0.5, 30.0
RESTART_S = 0.04  # between the last frame of a source and the first after it was opened anew, at least
CLOSE_S = 5.0
LOWEST_PRIORITY = 19
_TURN_S = 0.2  # how soon the inference thread notices that it shall stop
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")  # FFmpeg names its objects by address: the same trouble, another text
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Camera:
    """What the engine needs to know of one camera. `live`: when the chain is slow, the newest frame wins."""

    name: str
    live: bool
    open: Callable[[], Source]
    knobs: Knobs
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
class _Item:
    """What a camera's thread hands over. `opening` counts how often the source was opened; no `sensed`: it is lost."""

    camera: Camera
    opening: int
    sensed: Sensed | None


@dataclass(slots=True)
class CameraCounts:
    """What one camera's thread counts."""

    captured: int = 0
    online: bool = False
    why: str = "not opened yet"


class _CameraThread:
    """Reads one camera, for ever: opens it anew with growing, jittered pauses when it is lost."""

    def __init__(self, camera: Camera, slot: Slot[_Item], stop: threading.Event) -> None:
        self.camera, self.slot, self.counts = camera, slot, CameraCounts()
        self._stop = stop
        self._onward = Onward()
        self._opening = 0
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        if not self.camera.live:
            # A clip can wait: it is read ahead only when nobody else wants the processor.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        try:
            self._keep_watching()
        finally:
            self.counts.online = False
            self._put(None)
            self.slot.close()

    def _keep_watching(self) -> None:
        pause_s = RETRY_MIN_S
        while not self._stop.is_set():
            captured = self.counts.captured
            self._opening += 1
            try:
                self._watch()
            except SourceError as error:
                self._lost(str(error))
            except Exception as error:  # noqa: BLE001 - one camera must not end, whatever happens to it
                _log.exception("camera %s: a fault of ours", self.camera.name)
                self._lost(f"camera {self.camera.name}: {error!r}")
            else:
                return  # the end of a clip
            pause_s = RETRY_MIN_S if self.counts.captured > captured else min(pause_s * 2, RETRY_MAX_S)
            self._stop.wait(random.uniform(RETRY_MIN_S / 2, pause_s))

    def _watch(self) -> None:
        """Hand over pictures until the clip ends or the engine stops."""
        camera, counts = self.camera, self.counts
        self._onward.reopened()
        with camera.open() as source:
            while not self._stop.is_set():
                frame = source.read(time.monotonic() + READ_S)
                if frame is None:
                    return
                if not counts.online:
                    counts.online, counts.why = True, ""
                    _log.info("camera %s: %d x %d", camera.name, frame.pixels.shape[1], frame.pixels.shape[0])
                counts.captured += 1
                self._put(camera.intake.step(self._onward.frame(frame)))

    def _lost(self, why: str) -> None:
        why = _ADDRESS.sub("", why)
        if self.counts.online or why != self.counts.why:
            _log.warning("%s; trying again, at most every %g s", why, RETRY_MAX_S)
            self._put(None)
        self.counts.online, self.counts.why = False, why

    def _put(self, sensed: Sensed | None) -> None:
        item = _Item(self.camera, self._opening, sensed)
        while not self._stop.is_set() and not self.slot.closed:
            if self.slot.put(item, time.monotonic() + 1.0):
                return


class Onward:
    """Lets numbers and times of frames go on where a source that is opened anew begins again."""

    def __init__(self) -> None:
        self._next_seq = 0
        self._last_s = -math.inf
        self._seq_shift = 0
        self._shift_s = 0.0
        self._anew = True

    def reopened(self) -> None:
        """The next frame is the first of a source that knows nothing of the one before."""
        self._anew = True

    def frame(self, frame: Frame) -> Frame:
        """The frame, numbered and timed after all those before it."""
        if self._anew:
            self._anew = False
            self._seq_shift = self._next_seq - frame.seq
            self._shift_s = max(0.0, self._last_s + RESTART_S - frame.t_s) if math.isfinite(self._last_s) else 0.0
        if self._seq_shift or self._shift_s:
            frame = replace(frame, seq=frame.seq + self._seq_shift, t_s=frame.t_s + self._shift_s)
        self._next_seq, self._last_s = frame.seq + 1, frame.t_s
        return frame


class Engine:
    """Runs cameras and their chains. Use as a context manager: the cameras start on entering, `run` does the work.

    Whoever sets the event `stop` ends the run; without one `Engine.stop` does.
    """

    def __init__(
        self, cameras: Sequence[Camera], observers: Sequence[Observer], stop: threading.Event | None = None
    ) -> None:
        self._observers = tuple(observers)
        self._mailbox: Mailbox[_Item] = Mailbox()
        self._stop = stop or threading.Event()
        self._present: dict[str, int] = {}  # the opening of each camera whose frames are being followed
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
                self._turn(item)
        if self._stop.is_set():
            for thread in self._threads:
                self._gone(thread.camera)

    def counts(self) -> dict[str, tuple[CameraCounts, int]]:
        """What each camera's thread has counted, and how many pictures newer ones replaced."""
        return {thread.camera.name: (thread.counts, thread.slot.dropped) for thread in self._threads}

    def _turn(self, item: _Item) -> None:
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
