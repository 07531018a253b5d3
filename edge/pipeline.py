"""One camera's chain, without threads: what its pixels say, whether to look, and what follows from a look.

`Intake` belongs to the camera's thread, `Chain` to the inference thread; the daemon, `replay`, `bench` and the demo
all run these same two objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pydantic import BaseModel, Field

from edge.contracts.types import F32, U8, Activity, Detections, Event, Forecasts, Frame, Tracks
from edge.health import StageClock


class LookSettings(BaseModel, extra="forbid", frozen=True):
    """When the detector has to look at a frame."""

    every_frame: bool = Field(False, description="Look at every frame, whether anything moves or not")
    settle_s: float = Field(
        1.0, ge=0, le=60, description="Seconds to go on looking after the last motion, so that speeds come to rest"
    )
    economical: bool = Field(
        True, description="Also skip frames in which the forecasts are certain enough to stand in for a look"
    )


class Gate(Protocol):
    """Tells from pixels alone where something moves."""

    def step(self, pixels: U8, t_s: float) -> Activity: ...


class Detector(Protocol):
    """Finds objects in a picture; `look` (R, 4) names the places that deserve a closer look."""

    def detect(self, pixels: U8, look: F32) -> Detections: ...


class Tracker(Protocol):
    """Keeps the identity of objects."""

    def step(self, detections: Detections, t_s: float) -> Tracks: ...
    def at(self, t_s: float) -> Tracks: ...


class Attention(Protocol):
    """Whether the tracks' own forecasts leave it uncertain enough what a look would show."""

    def due(self, tracks: Tracks) -> bool: ...


class Forecaster(Protocol):
    """Says where tracks will be."""

    def forecast(self, tracks: Tracks) -> Forecasts: ...


class Classifier(Protocol):
    """Names tracks more closely than the detector does."""

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, str]: ...


class EventLog(Protocol):
    """Turns tracks and forecasts into events."""

    def step(
        self, tracks: Tracks, forecasts: Forecasts, sub_labels: Mapping[int, str], t_s: float, utc_ns: int
    ) -> list[Event]: ...


@dataclass(frozen=True, eq=False, slots=True)
class Sensed:
    """A frame with its private parts blackened, and what its pixels say."""

    frame: Frame
    activity: Activity


@dataclass(frozen=True, eq=False, slots=True)
class Followed:
    """All that is known after a frame. `detections` is empty where the detector did not look."""

    frame: Frame
    looked: bool
    detections: Detections
    tracks: Tracks
    forecasts: Forecasts
    sub_labels: Mapping[int, str]
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Steps:
    """What a chain is made of. A chain without a second stage has a classifier that names nothing."""

    detector: Detector
    tracker: Tracker
    attention: Attention
    classifier: Classifier
    forecaster: Forecaster
    log: EventLog


class NoClassifier:
    """The second stage of a camera that has none."""

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, str]:
        """Nothing is named."""
        del pixels, tracks, t_s
        return {}


class Chain:
    """From a sensed frame to tracks, forecasts and events. One thread at a time."""

    def __init__(self, steps: Steps, settings: LookSettings, clock: StageClock) -> None:
        self._steps = steps
        self._settings = settings
        self._clock = clock
        self._last_motion_s = -np.inf

    def step(self, sensed: Sensed) -> Followed:
        """Look if need be, and follow what is there."""
        looked = self._wants_look(sensed)
        detections = self._look(sensed) if looked else Detections.empty()
        return self._follow(sensed.frame, looked, detections)

    def _wants_look(self, sensed: Sensed) -> bool:
        """Something may have changed, and the forecasts alone do not say how."""
        now_s, activity = sensed.frame.t_s, sensed.activity
        if activity.due:
            self._last_motion_s = now_s
        if self._settings.every_frame or activity.calibrating:
            return True
        if now_s - self._last_motion_s > self._settings.settle_s:
            return False
        return not self._settings.economical or self._steps.attention.due(self._steps.tracker.at(now_s))

    def _look(self, sensed: Sensed) -> Detections:
        """Detect, with a closer look at where something moves and where something is expected by now."""
        with self._clock.stage("detect"):
            expected = self._steps.tracker.at(sensed.frame.t_s).box
            places = np.concatenate([sensed.activity.region, expected])
            return self._steps.detector.detect(sensed.frame.pixels, places)

    def _follow(self, frame: Frame, looked: bool, detections: Detections) -> Followed:
        """Everything after the look."""
        steps, clock = self._steps, self._clock
        with clock.stage("track"):
            tracks = steps.tracker.step(detections, frame.t_s) if looked else steps.tracker.at(frame.t_s)
        with clock.stage("classify"):
            names = steps.classifier.step(frame.pixels, tracks, frame.t_s)
        with clock.stage("forecast"):
            forecasts = steps.forecaster.forecast(tracks)
        with clock.stage("events"):
            events = steps.log.step(tracks, forecasts, names, frame.t_s, frame.utc_ns)
        return Followed(frame, looked, detections, tracks, forecasts, names, events)
