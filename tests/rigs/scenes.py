"""A white block that moves over a grey scene: as pixels, as a source, as a scripted detector, as a camera."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from edge.activity.gate import ActivityGate
from edge.activity.settings import ActivitySettings
from edge.attention import Attention, AttentionSettings, LookSettings
from edge.cameras.source import Source
from edge.cameras.watch import CameraWatchSettings, PictureWatch
from edge.capture import Camera
from edge.contracts.errors import EdgeError, ModelError, SourceError
from edge.contracts.types import F32, U8, Detections, Event, Frame
from edge.control.knobs import Controls, Knobs
from edge.events.log import EventLog
from edge.events.settings import EventSettings, ZoneSettings
from edge.health import StageClock
from edge.observer import Observer
from edge.pipeline import Chain, Followed, Intake, NoClassifier, Steps
from edge.tracking import Tracker, TrackingSettings
from tests.rigs.forecasts import straight_ahead

WIDTH, HEIGHT, FPS = 320, 180, 10.0
RIGHT_HALF = ZoneSettings(name="right", points=((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))


def left_of(seq: int) -> int:
    """Where the block's left edge is, pixels: it crosses the picture in 7 seconds, after standing still for one."""
    return 10 + 4 * max(0, seq - 10)


def scene(seq: int, name: str = "cam") -> Frame:
    """The picture numbered `seq`."""
    pixels = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    pixels[60:120, left_of(seq) : left_of(seq) + 30] = 250
    pixels.flags.writeable = False
    return Frame(name, seq, seq / FPS, round(seq / FPS * 1e9), pixels)


class Scripted:
    """A detector that finds the block, and nothing else. Fails on the pictures that it is told to fail on."""

    labels: tuple[str, ...] = ("block",)

    def __init__(self, failing: Sequence[int] = ()) -> None:
        self.looks: list[int] = []
        self._failing = failing

    def detect(self, frame: Frame, look: F32) -> Detections:
        self.looks.append(frame.seq)
        if frame.seq in self._failing:
            raise ModelError("it failed while running")
        columns = np.flatnonzero(frame.pixels[90, :, 0] > 200)
        if not len(columns):
            return Detections.empty()
        left, right = columns[0] / WIDTH, (columns[-1] + 1) / WIDTH
        box = np.array([[left, 60 / HEIGHT, right, 120 / HEIGHT]], np.float32)
        return Detections(box, np.full(1, 0.9, np.float32), np.zeros(1, np.int64))


class Reel:
    """A source that plays pictures, then ends, or breaks as often as it is told to."""

    live = False

    def __init__(self, frames: Sequence[Frame], breaks: Callable[[], bool] = lambda: False) -> None:
        self._frames, self._breaks = iter(frames), breaks

    def __enter__(self) -> Self:
        if self._breaks():
            raise SourceError("camera cam: it cannot be opened; plug it in")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""

    def read(self, deadline_s: float) -> Frame | None:
        return next(self._frames, None)


def knobs() -> Knobs:
    """As a configuration that says nothing has them."""
    return Knobs(Controls(enabled=True, detection=True, threshold=0.5))


def chain(
    detector: Scripted,
    look: LookSettings,
    clock: StageClock | None = None,
    *,
    crops: bool = False,
    turned: Knobs | None = None,
) -> Chain:
    """A chain of the real steps around a scripted detector, with a zone over the right half."""
    forecaster, scores = straight_ahead()
    steps = Steps(
        detector=detector,
        tracker=lambda aspect: Tracker(TrackingSettings(), aspect),
        attention=Attention(AttentionSettings()),
        classifier=NoClassifier(),
        forecaster=forecaster,
        scores=scores,
        log=EventLog("cam", detector.labels, EventSettings(), [RIGHT_HALF], []),
        crops=crops,
    )
    return Chain(steps, look, turned or knobs(), clock or StageClock())


def intake() -> Intake:
    """The real gate."""
    return Intake(ActivityGate(ActivitySettings(), None), StageClock())


def camera(source: Callable[[], Source], detector: Scripted, *, live: bool = False, name: str = "cam") -> Camera:
    """A camera for the engine that looks at every frame."""
    turned = knobs()
    return Camera(
        name=name,
        live=live,
        open=source,
        answers=lambda: True,
        stalled_s=5.0,
        watch=PictureWatch(CameraWatchSettings()),
        knobs=turned,
        intake=intake(),
        chain=chain(detector, LookSettings(every_frame=True), turned=turned),
    )


class Witness(Observer):
    """An observer that remembers everything."""

    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.followed: list[Followed] = []
        self.ends: list[list[Event]] = []
        self.errors: list[EdgeError] = []
        self._after = after

    def seen(self, camera: Camera, followed: Followed) -> None:
        self.followed.append(followed)
        self._after()

    def gone(self, camera: Camera, events: list[Event]) -> None:
        self.ends.append(events)

    def failed(self, camera: Camera, error: EdgeError) -> None:
        self.errors.append(error)


def grey() -> U8:
    """A picture with nothing in it."""
    return np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
