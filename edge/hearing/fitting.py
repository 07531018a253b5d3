"""Whether a sensor can be classified by its model as it is set up. Runs nothing."""

from collections.abc import Callable, Mapping

from edge.config.sequences import SensorEntry
from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError
from edge.contracts.limits import read_limit, reconstructed_window
from edge.contracts.types import ModelBundle
from edge.contracts.windows import SeriesWindow
from edge.sequences.embedder import embedding_window
from edge.sequences.fitting import values_window, window_of

SAME_STEP = 0.01  # by which a step of the settings may differ from the model's


def refuse_unfit(sensor: str, settings: SensorEntry, bundle: ModelBundle) -> SeriesWindow:
    """What the classifier of a sensor takes.

    Args:
        sensor: its name.
        settings: of it.
        bundle: of its classifier.

    Raises:
        ModelError: the model names no values of a sensor.
        ConfigError: it was trained on other channels, or on another grid than the sensor is brought to.
    """
    return _fitting(sensor, "classifier", settings, values_window(window_of(bundle)))


def refuse_unfit_embedder(sensor: str, settings: SensorEntry, bundle: ModelBundle) -> SeriesWindow:
    """The same of what finds groups of its windows."""
    return _fitting(sensor, "embedder", settings, embedding_window(bundle))


def refuse_unfit_scorer(sensor: str, settings: SensorEntry, bundle: ModelBundle) -> SeriesWindow:
    """The same of what says how odd its windows are. Raises ModelError: it carries no limit, too."""
    read_limit(bundle)
    return _fitting(sensor, "scorer", settings, reconstructed_window(bundle))


REFUSALS: Mapping[str, Callable[[str, SensorEntry, ModelBundle], SeriesWindow]] = {
    "classifier": refuse_unfit,
    "embedder": refuse_unfit_embedder,
    "scorer": refuse_unfit_scorer,
}  # by key of a sensor


def _fitting(sensor: str, what: str, settings: SensorEntry, window: SeriesWindow) -> SeriesWindow:
    if len(settings.channels) != len(window.channels):
        raise ConfigError(
            f"sensors.{sensor}.{what}: the model takes {len(window.channels)} channels "
            f"({', '.join(window.channels)}) and the sensor has {len(settings.channels)} "
            f"({', '.join(settings.channels)}); name them in `channels`, in the model's order"
        )
    for said, step_s in _steps_s(settings, what).items():
        if step_s and abs(step_s / window.step_s - 1) > SAME_STEP:
            raise ConfigError(
                f"sensors.{sensor}.{said} is {step_s:g} and its {what} was trained on steps of {window.step_s:g} "
                "s; leave it out, or train on that grid"
            )
    return window


def _steps_s(settings: SensorEntry, what: str) -> dict[str, float]:
    """All else that would choose the sensor's grid, by what people call it."""
    found = {"window.step_s": settings.window.step_s, "forecast.step_s": settings.forecast.step_s}
    if settings.model is not None:
        window = read_bundle(settings.model).window
        found["model's step_s"] = window.step_s if isinstance(window, SeriesWindow) else 0.0
    if what != "classifier" and settings.classifier is not None:
        found["classifier's step_s"] = values_window(window_of(settings.classifier.read())).step_s
    if what == "scorer" and settings.embedder is not None:
        found["embedder's step_s"] = embedding_window(settings.embedder.read()).step_s
    return found
