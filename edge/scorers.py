"""What scores a sensor's anomalies by a model: an auto-encoder, and the limit that goes with the weights that serve."""

from collections.abc import Callable

from edge.config.sequences import SensorEntry
from edge.contracts.limits import read_limit
from edge.contracts.runtime import Runtime
from edge.learners.adaptive import AdaptiveModel
from edge.series.reconstruction import Reconstruction


def build_scorer(settings: SensorEntry, runtime: Runtime) -> Callable[[], Reconstruction]:
    """What makes the scorer of a sensor.

    Args:
        settings: of the sensor.
        runtime: of its auto-encoder; where it learns, its own.

    Raises:
        ModelError: the model is no auto-encoder of readings, or carries no limit.
    """
    told = read_limit(runtime.bundle)

    def limit() -> float:
        return told.of(runtime.scores if isinstance(runtime, AdaptiveModel) else {})

    return lambda: Reconstruction(runtime, limit, settings.window.hold_steps + 1)
