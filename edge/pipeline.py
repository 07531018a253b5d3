"""One camera's chain, without threads: what its pixels say, whether to look, and what follows from a look.

`Intake` belongs to the camera's thread, `Chain` to the inference thread; the daemon, `replay`, `bench` and the demo
all run these same two objects.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from edge.activity.gate import ActivityGate
from edge.attention import Attention, LookSettings
from edge.contracts.types import U8, Activity, Detections, Event, Forecasts, Frame, Opinion, SubLabel, Tracks
from edge.control.knobs import Knobs
from edge.detection.detector import Detector
from edge.detection.ensemble import Ensemble
from edge.events.log import EventLog
from edge.forecast.guard import GuardedForecaster
from edge.forecast.scoreboard import Scoreboard
from edge.health import StageClock
from edge.tracking import Tracker


class Classifier(Protocol):
    """Names tracks more closely than the detector does."""

    @property
    def closest(self) -> Mapping[int, SubLabel]:
        """The best answer by track id, also where it was not good enough to be given."""

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, SubLabel]:
        """The names known so far, by track id."""


class NoClassifier:
    """The second stage of a camera that has none."""

    closest: Mapping[int, SubLabel] = MappingProxyType({})

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, SubLabel]:
        """Nothing is named."""
        del pixels, tracks, t_s
        return {}


@dataclass(frozen=True, eq=False, slots=True)
class Sensed:
    """A frame, when it was in hand (`time.monotonic()`), and what its pixels say."""

    frame: Frame
    taken_s: float
    activity: Activity


@dataclass(frozen=True, eq=False, slots=True)
class Followed:
    """All that is known after a frame. `detections` is empty where the detector did not look."""

    sensed: Sensed
    looked: bool
    detections: Detections
    tracks: Tracks
    forecasts: Forecasts
    sub_labels: Mapping[int, str]
    events: list[Event]
    counts: Mapping[str, Mapping[str, int]]  # objects there now by zone and label; "" is the whole picture

    def names(self, labels: Sequence[str]) -> dict[int, str]:
        """What to call each track: its sub-label where there is one, else its label, which is one of `labels`."""
        columns = zip(self.tracks.id.tolist(), self.tracks.label.tolist(), strict=True)
        return {track: self.sub_labels.get(track) or labels[label] for track, label in columns}


@dataclass(frozen=True, slots=True)
class Steps:
    """What a chain is made of. Tracker and forecaster are made with the first frame: they need the picture's aspect."""

    detector: Detector
    tracker: Callable[[float], Tracker]
    attention: Attention
    classifier: Classifier
    forecaster: Callable[[float], GuardedForecaster]
    scores: Scoreboard  # of the forecaster
    log: EventLog
    crops: bool  # whether the detector takes closer looks at places


_NOWHERE = np.zeros((0, 4), np.float32)


class Intake:
    """What the camera's own thread does with a frame, beside reading it."""

    def __init__(self, gate: ActivityGate, clock: StageClock) -> None:
        self._gate = gate
        self._clock = clock

    def step(self, frame: Frame) -> Sensed:
        """Where something moves."""
        taken_s = time.monotonic()
        with self._clock.stage("activity"):
            activity = self._gate.step(frame.pixels, frame.t_s)
        return Sensed(frame, taken_s, activity)


class Chain:
    """From a sensed frame to tracks, forecasts and events. One thread at a time."""

    def __init__(self, steps: Steps, settings: LookSettings, knobs: Knobs, clock: StageClock) -> None:
        self._steps = steps
        self._settings = settings
        self._knobs = knobs
        self._clock = clock
        self._made: tuple[Tracker, GuardedForecaster] | None = None
        self._last_motion_s = -np.inf
        self._utc_ns = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """What `Detections.label` and `Tracks.label` index."""
        return self._steps.detector.labels

    @property
    def log(self) -> EventLog:
        """What happened so far; for the thread that steps."""
        return self._steps.log

    @property
    def scores(self) -> Scoreboard:
        """How good the forecasts have turned out to be."""
        return self._steps.scores

    @property
    def opinions(self) -> tuple[Opinion, ...]:
        """What each model of an ensemble found in the newest look; for the thread that steps."""
        detector = self._steps.detector
        return detector.opinions if isinstance(detector, Ensemble) else ()

    @property
    def closest(self) -> Mapping[int, SubLabel]:
        """The second stage's best answers, also those that were not good enough; for the thread that steps."""
        return dict(self._steps.classifier.closest)

    def step(self, sensed: Sensed) -> Followed:
        """Look if need be, and follow what is there.

        Raises:
            ModelError: a model failed while running.
        """
        frame = sensed.frame
        self._utc_ns = frame.utc_ns
        tracker, forecaster = self._made = self._made or self._make(frame)
        controls = self._knobs.now
        if not controls.detection:
            return self._rest(sensed, forecaster)
        self._steps.log.require(controls.threshold)
        if not self._wants_look(sensed, tracker):
            return self._coast(sensed, tracker, forecaster)
        detections, tracks = self._look(sensed, tracker)
        return self._follow(sensed, detections, tracks, forecaster)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many objects are there now, by zone and label; "" is the whole picture."""
        return self._steps.log.counts()

    def close(self) -> list[Event]:
        """The camera is gone: what was there has ended, with its last picture."""
        return self._steps.log.close(self._utc_ns)

    def _make(self, frame: Frame) -> tuple[Tracker, GuardedForecaster]:
        aspect = frame.pixels.shape[1] / frame.pixels.shape[0]
        return self._steps.tracker(aspect), self._steps.forecaster(aspect)

    def _wants_look(self, sensed: Sensed, tracker: Tracker) -> bool:
        """Something may have changed, and the forecasts alone do not say how."""
        now_s, activity, settings = sensed.frame.t_s, sensed.activity, self._settings
        if len(activity.region):
            self._last_motion_s = now_s
        if settings.every_frame:
            return True
        if now_s - self._last_motion_s > settings.settle_s:
            return activity.due or tracker.undecided
        return not settings.economical or self._steps.attention.due(now_s)

    def _look(self, sensed: Sensed, tracker: Tracker) -> tuple[Detections, Tracks]:
        """Detect, with a closer look at where something moves and where something is expected by now."""
        frame, steps = sensed.frame, self._steps
        expected = tracker.at(frame.t_s) if steps.crops or self._settings.economical else Tracks.empty()
        places = np.concatenate([sensed.activity.region, expected.box]) if steps.crops else _NOWHERE
        with self._clock.stage("detect"):
            detections = steps.detector.detect(frame, places)
        with self._clock.stage("track"):
            tracks = tracker.step(detections, frame.t_s)
        if self._settings.economical:
            steps.attention.looked(expected, tracks, frame.t_s)
        return detections, tracks

    def _rest(self, sensed: Sensed, forecaster: GuardedForecaster) -> Followed:
        """Nobody wants to know what is there: what was there has ended."""
        nothing = Tracks.empty()
        forecasts = forecaster.forecast(nothing)
        return Followed(sensed, False, Detections.empty(), nothing, forecasts, {}, self.close(), self.counts())

    def _follow(
        self, sensed: Sensed, detections: Detections, tracks: Tracks, forecaster: GuardedForecaster
    ) -> Followed:
        """What follows from the tracks."""
        steps, clock, frame = self._steps, self._clock, sensed.frame
        with clock.stage("classify"):
            named = steps.classifier.step(frame.pixels, tracks, frame.t_s)
        names = {track: said.name for track, said in named.items()}
        with clock.stage("forecast"):
            forecasts = forecaster.step(tracks, frame.t_s)
        with clock.stage("events"):
            events = steps.log.step(tracks, forecasts, names, frame.t_s, frame.utc_ns)
        return Followed(sensed, True, detections, tracks, forecasts, names, events, self.counts())

    def _coast(self, sensed: Sensed, tracker: Tracker, forecaster: GuardedForecaster) -> Followed:
        """Without a look the forecasts stand in; nothing begins or ends on their word."""
        tracks = tracker.at(sensed.frame.t_s)
        forecasts = forecaster.forecast(tracks)
        return Followed(sensed, False, Detections.empty(), tracks, forecasts, {}, [], self.counts())
