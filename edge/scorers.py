"""What scores a sensor's anomalies by a model: an auto-encoder, and the limit that goes with the weights that serve."""

import math
from collections.abc import Callable

from edge.assembly import Models
from edge.config.sequences import SensorEntry
from edge.config.settings import ModelFile
from edge.contracts.errors import ModelError
from edge.contracts.limits import FURTHEST, Limit, read_limit
from edge.contracts.sensors import scorer_name
from edge.learners.adaptive import AdaptiveModel
from edge.learning.standing import EXPORTED
from edge.series.reconstruction import Judge, Reconstruction


def build_scorer(sensor: str, settings: SensorEntry, models: Models) -> Callable[[], Reconstruction]:
    """What makes the scorer of a sensor that names one.

    Args:
        sensor: its name.
        settings: of it.
        models: loads the auto-encoder, or lends the one that learns.

    Raises:
        ModelError: the model is no auto-encoder of readings, or carries no limit.
    """
    if settings.scorer is None:
        raise ModelError(f"sensors.{sensor} names no scorer")
    file = ModelFile(path=settings.scorer.path, sha256=settings.scorer.sha256)
    runtime = models.forecaster(scorer_name(sensor), file)
    told = read_limit(runtime.bundle)
    judges = [Judge(runtime, lambda: told.error)]
    if isinstance(runtime, AdaptiveModel):
        judges = _learnt(runtime, told, models, file)
    return lambda: Reconstruction(judges, settings.window.hold_steps + 1)


def _learnt(runtime: AdaptiveModel, told: Limit, models: Models, file: ModelFile) -> list[Judge]:
    """What serves by its own limit; beside what was learnt, the exported weights go on watching, further out."""

    def far() -> float:
        return math.inf if runtime.served == EXPORTED else FURTHEST * told.error

    return [Judge(runtime, lambda: told.of(runtime.scores)), Judge(models.light(file), far)]
