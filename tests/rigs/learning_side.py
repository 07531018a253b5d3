"""Learning in the daemon as one drives it by hand: a camera whose model learns, and looks of objects on roundabouts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.assembly import Models
from edge.config.settings import ModelFile, Settings
from edge.contracts.learning_state import LearningState, ServedSubject
from edge.contracts.types import Activity, Detections, Forecasts, Frame, Tracks
from edge.contracts.windows import TrackWindow
from edge.delivery import Delivery
from edge.learners.adaptive import AdaptiveModel
from edge.learners.side import LearningSide
from edge.learning.promotion import Terms
from edge.pipeline import Followed, Sensed
from edge.tracking import Tracker
from edge.tracking.settings import TrackingSettings
from tests.patience import patient
from tests.rigs.host import wait_until
from tests.rigs.learning_model import learning_paths
from tests.rigs.walks import ASPECT, World, roundabout

WINDOW = TrackWindow(16, 4, 0.5, (0.5, 1.0, 2.0), 1, (), 0)
TERMS = Terms(first=60, every=40, shadow=24, window=48, soonest=24, rest=40)
LIMIT_S = 60.0
THERE_S, AWAY_S = 8.0, 4.0  # objects, one after another


@dataclass(frozen=True, slots=True)
class _Camera:
    """As much of a camera as an observer of tracks looks at."""

    name: str


class Driver:
    """Drives the learning side of a daemon with one camera, `yard`."""

    def __init__(self, side: LearningSide, models: Models, model: ModelFile) -> None:
        self.side, self.models, self.model = side, models, model
        self._tracker = Tracker(TrackingSettings(), ASPECT, WINDOW.samples * WINDOW.step_s)
        self._t_s = 1000.0

    @property
    def adaptive(self) -> AdaptiveModel:
        """The camera's network."""
        found = self.models.forecaster("yard", self.model)
        assert isinstance(found, AdaptiveModel)
        return found

    @property
    def yard(self) -> ServedSubject:
        """How the camera stands."""
        return self.side.state().subjects[0]

    def walk(self, world: Callable[..., World] = roundabout) -> None:
        """Look at objects on their ways until they go, as fast as the process takes it in."""
        for t_s, found in world(THERE_S, start_s=self._t_s):
            self._look(t_s, found)
        for t_s in np.arange(self._t_s + THERE_S, self._t_s + THERE_S + AWAY_S, 0.25):
            self._look(float(t_s), Detections.empty())
        self._t_s += THERE_S + AWAY_S

    def _look(self, t_s: float, found: Detections) -> None:
        dropped = self.side.state().dropped
        self.side.looks.seen(_Camera("yard"), followed(self._tracker.step(found, t_s), t_s))  # type: ignore[arg-type]
        if self.side.state().dropped > dropped:
            threading.Event().wait(0.05)

    def walk_until(self, wanted: Callable[[], bool], world: Callable[..., World] = roundabout) -> None:
        """The same until something holds; fails where it does not come to that."""
        deadline_s = time.monotonic() + patient(LIMIT_S)
        while not wanted():
            assert time.monotonic() < deadline_s, self.side.state()
            self.walk(world)

    def wait(self, wanted: Callable[[LearningState], object]) -> None:
        """Until the state is as wanted."""
        assert wait_until(lambda: bool(wanted(self.side.state())), LIMIT_S), self.side.state()


def followed(tracks: Tracks, t_s: float) -> Followed:
    """What a chain tells of tracks after a look."""
    pixels = np.zeros((9, 16, 3), np.uint8)
    frame = Frame("yard", 0, float(t_s), round(t_s * 1e9), pixels)
    sensed = Sensed(frame, t_s, Activity(np.zeros((0, 4), np.float32), calibrating=False, due=True))
    return Followed(sensed, True, Detections.empty(), tracks, Forecasts.empty(), {}, [], {})


def settings_of(folder: Path, model: Path, port: int = 1, **learning: object) -> Settings:
    """A configuration with one camera whose model learns as fast as it can."""
    how = {"enabled": True, "cpu_percent": 100, "rate": 0.05, "epochs": 6, "pause_c": 110, "pause_free_mb": 0}
    return Settings.model_validate(
        {
            "device": {"state_dir": str(folder / "state")},
            "mqtt": {"host": "127.0.0.1", "port": port, "device": "dev", "reconnect_max_s": 0.5},
            "learning": {**how, **learning},
            "cameras": {
                "yard": {
                    "source": {"path": str(folder / "yard.mp4")},
                    "forecast": {"model": str(model), "horizons_s": list(WINDOW.horizons_s)},
                }
            },
        }
    )


@contextmanager
def driven(settings: Settings, terms: Terms = TERMS, hang_s: float = patient(LIMIT_S)) -> Iterator[Driver]:
    """The learning side of a daemon, its process running."""
    with ExitStack() as stack:
        delivery = stack.enter_context(Delivery(settings))
        models = stack.enter_context(Models(settings.runtime, delivery.state_dir))
        side = stack.enter_context(LearningSide(settings, delivery, models, "run", terms, hang_s))
        side.begin({"yard": ("person",)}, lambda: 0)
        model = settings.cameras["yard"].forecast_file
        assert model is not None
        yield Driver(side, models, model)


def path_model(folder: Path) -> Path:
    """A path model that learns; at first it says what a straight line says."""
    return learning_paths(folder / "paths.tflite", WINDOW)
