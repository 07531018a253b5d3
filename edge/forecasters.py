"""What forecasts on a camera: the straight line, and the configured model where it fits and has proven itself."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge.config.settings import CameraSettings, ModelFile
from edge.contracts.errors import ModelError
from edge.contracts.flow_map import FlowMap
from edge.contracts.runtime import Runtime
from edge.forecast.fitting import reach_s, refuse_unfit
from edge.forecast.guard import GuardedForecaster
from edge.forecast.learned import LearnedForecaster
from edge.forecast.scoreboard import Scoreboard
from edge.forecast.settings import SHIPPED
from edge.forecast.straight import ConstantVelocity
from edge.learners.adaptive import AdaptiveModel
from edge.tracking.tracker import REACH_S

Load = Callable[[ModelFile], Runtime]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Forecasting:
    """One camera's."""

    make: Callable[[float], GuardedForecaster]  # of the aspect of its picture
    scores: Scoreboard
    history_s: float  # that tracks must reach back


def build_forecasting(name: str, camera: CameraSettings, labels: Sequence[str], load: Load) -> Forecasting:
    """The forecaster of one camera.

    Args:
        name: of the camera.
        camera: its settings.
        labels: of its detector.
        load: makes a model run.

    Raises:
        ModelError: the model that the configuration names cannot be used. The shipped one is left out then.
    """
    settings = camera.forecast
    runtime = _runtime(name, camera, load)
    known = (runtime.bundle.name, runtime.bundle.sha256) if runtime else ("", "")
    board = Scoreboard(settings.guard, settings.horizons_s, *known)

    def make(aspect: float) -> GuardedForecaster:
        straight = ConstantVelocity(settings)
        learned = LearnedForecaster(runtime, settings, straight, aspect, labels, _flow_of(runtime)) if runtime else None
        return GuardedForecaster(settings, board, aspect, straight, learned)

    history_s = reach_s(refuse_unfit(runtime.bundle, settings.horizons_s)) if runtime else REACH_S
    return Forecasting(make, board, history_s)


def _flow_of(runtime: Runtime) -> Callable[[], FlowMap | None]:
    """Tells what a model has learnt here of how paths bend: it may change between two looks."""
    return (lambda: runtime.flow) if isinstance(runtime, AdaptiveModel) else lambda: None


def _runtime(name: str, camera: CameraSettings, load: Load) -> Runtime | None:
    """The camera's model, loaded; None without one. That the shipped one cannot be used is no reason not to start."""
    file = camera.forecast_file
    if file is None:
        return None
    try:
        refuse_unfit(file.read(), camera.forecast.horizons_s)
        return load(file)
    except ModelError as error:
        if camera.forecast.model != SHIPPED:
            raise
        _log.warning("camera %s: straight lines serve: %s", name, error)
        return None
