"""One camera's thread: reads it, for ever, and opens it anew when it is lost."""

import logging
import math
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge.cameras.source import Source
from edge.cameras.watch import PictureWatch, Showing
from edge.contracts.backoff import Backoff
from edge.contracts.errors import SourceError
from edge.contracts.types import Frame
from edge.control.knobs import Knobs
from edge.mailbox import Slot
from edge.onward import Onward
from edge.pipeline import Chain, Intake, Sensed

OPEN_S = 10.0  # from opening a camera to its first picture
RETRY_FIRST_S, RETRY_MAX_S = 1.0, 30.0
STEADY_S = 15.0  # an opening that lasted so long was a good one
ASK_S = 1.0  # how often a camera that does not answer is asked again
NAMES_S = 60.0  # that the system may take to look up a camera's name: no deadline of ours holds there
PATIENCE_S = 20.0  # beyond the time that something may take
ALONE_S = 600.0  # that a camera whose threads keep hanging is left alone
LOWEST_PRIORITY = 19
_TURN_S = 0.2  # how soon a switched-off camera notices that it is switched on
_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")  # FFmpeg names its objects by address: the same trouble, another text
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Camera:
    """What is needed of one camera. `live`: when the chain is slow, the newest frame wins."""

    name: str
    live: bool
    open: Callable[[], Source]
    answers: Callable[[], bool]  # whether there is something to open
    stalled_s: float  # without a picture
    watch: PictureWatch
    knobs: Knobs
    intake: Intake
    chain: Chain


@dataclass(frozen=True, slots=True)
class Item:
    """What a camera's thread hands over. `opening` counts how often the source was opened; no `sensed`: it is lost."""

    camera: Camera
    opening: int
    sensed: Sensed | None


@dataclass(slots=True)
class CameraCounts:
    """What one camera's thread counts."""

    captured: int = 0
    lost: int = 0  # how often it has gone
    online: bool = False
    why: str = "not opened yet"  # it is not online, or what is odd about its pictures; "" when all is well
    due_s: float = math.inf  # by when the thread comes round again, unless it hangs; `time.monotonic()`


@dataclass(slots=True)
class Past:
    """What goes on when a camera is given a new thread."""

    counts: CameraCounts = field(default_factory=CameraCounts)
    onward: Onward = field(default_factory=Onward)
    opening: int = 0


class Capture:
    """A camera and its thread."""

    def __init__(self, camera: Camera, slot: Slot[Item], stop: threading.Event, past: Past) -> None:
        self.camera, self.slot, self.counts = camera, slot, past.counts
        self._onward, self._opening = past.onward, past.opening
        self._stop = stop
        self._left = threading.Event()
        self._backoff = Backoff(RETRY_MAX_S, RETRY_FIRST_S)
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the end, which the event `stop` brings about."""
        if self._thread.ident:  # it was started
            self._thread.join(timeout_s)

    def abandon(self) -> Past:
        """Leave the thread to itself: it hangs, and ends when it wakes up, if ever. For the next one."""
        self._left.set()
        self.slot.close()
        return Past(replace(self.counts, due_s=math.inf), self._onward, self._opening)

    def give_up(self, why: str) -> None:
        """Instead of starting: say that the camera is lost, and leave it alone for a while."""
        self._lost(why, logging.ERROR)
        self.counts.due_s = time.monotonic() + ALONE_S
        self.slot.close()

    def _over(self) -> bool:
        return self._stop.is_set() or self._left.is_set()

    def _comes_round(self, within_s: float = 0.0) -> None:
        self.counts.due_s = time.monotonic() + within_s + PATIENCE_S

    def _run(self) -> None:
        if not self.camera.live:
            # A clip can wait: it is read ahead only when nobody else wants the processor.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        try:
            while not self._over() and self._once():
                pass
        finally:
            self.counts.online = False
            self._put(None)
            self.counts.due_s = math.inf
            self.slot.close()  # last: it is what ends the run

    def _once(self) -> bool:
        """Open the camera and follow it for as long as that goes; False at the end of a clip."""
        self._comes_round(OPEN_S)
        if not self.camera.knobs.now.enabled:
            self._lost("switched off", logging.INFO)
            self._stop.wait(_TURN_S)
            return True
        self._opening += 1
        try:
            if self._watch():
                return False
        except SourceError as error:
            self._lost(str(error), logging.WARNING)
            self._pause()
        except Exception as error:  # noqa: BLE001 - one camera must not end, whatever happens to it
            _log.exception("camera %s: a fault of ours", self.camera.name)
            self._lost(repr(error), logging.WARNING)
            self._pause()
        return True

    def _watch(self) -> bool:
        """Hand over pictures until the clip ends (True), or the camera is switched off or stopped."""
        camera, counts = self.camera, self.counts
        self._onward.reopened()
        opened_s, limit_s = time.monotonic(), max(OPEN_S, camera.stalled_s)
        with camera.open() as source:
            while not self._over() and camera.knobs.now.enabled:
                self._comes_round(limit_s)
                now_s = time.monotonic()
                frame = source.read(now_s + limit_s)
                if frame is None:
                    return True
                limit_s = camera.stalled_s if camera.live else OPEN_S
                counts.captured += 1
                self._seen(self._onward.frame(frame))
                if now_s - opened_s >= STEADY_S:
                    self._backoff.reset()
        return False

    def _seen(self, frame: Frame) -> None:
        """Hand over what shows the world; a picture of long ago shows what is there no more."""
        camera, counts = self.camera, self.counts
        showing = camera.watch.step(frame) if camera.live else Showing.SCENE
        if showing is Showing.FROZEN:
            raise SourceError(f"camera {camera.name}: sends the same picture again and again; restart the camera")
        if not counts.online:
            counts.online = True
            _log.info("camera %s: %d x %d", camera.name, frame.pixels.shape[1], frame.pixels.shape[0])
        odd = "" if showing is Showing.SCENE else "is covered, or sees nothing but darkness"
        if odd and odd != counts.why:
            _log.warning("camera %s: %s", camera.name, odd)
        counts.why = odd
        self._put(camera.intake.step(frame))

    def _lost(self, why: str, level: int) -> None:
        why = _ADDRESS.sub("", why).removeprefix(f"camera {self.camera.name}: ")
        new = self.counts.online or why != self.counts.why
        self.counts.lost += self.counts.online
        self.counts.online, self.counts.why = False, why  # first: who takes the loss out sees it counted
        if new:
            _log.log(level, "camera %s: %s", self.camera.name, why)
            self._put(None)

    def _pause(self) -> None:
        """Wait longer each time, but no longer than until a camera that did not answer does so again."""
        deadline_s = time.monotonic() + self._backoff.next_s()
        away = not self._answers()
        while not self._over() and (away or time.monotonic() < deadline_s):
            self._comes_round()
            self._stop.wait(ASK_S if away else min(ASK_S, max(deadline_s - time.monotonic(), 0.0)))
            if away and self._answers():
                self._backoff.reset()
                return

    def _answers(self) -> bool:
        self._comes_round(NAMES_S)
        return self.camera.answers()

    def _put(self, sensed: Sensed | None) -> None:
        item = Item(self.camera, self._opening, sensed)
        while not self._over() and not self.slot.closed:
            self._comes_round()
            if self.slot.put(item, time.monotonic() + 1.0):
                return
