"""A trained series model as the source of a recurrent state and of a forecast."""

from typing import ClassVar

import numpy as np

from edge.contracts.errors import ConfigError, ModelError
from edge.contracts.runtime import Runtime
from edge.contracts.tensors import real, stored
from edge.contracts.types import F32, F64, I64, Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.series.settings import SeriesSettings

LEAST_SD = 1e-6  # of a window, in standard deviations of the training data
WIDEST_STATE = 64  # numbers; a wider state is folded by a fixed random projection
SAME_STEP = 0.01  # by which a step of the settings may differ from the model's


class SeriesModel:
    """Runs a SERIES model on windows in the units of the sensor.

    Args:
        runtime: of the model.
        settings: those of the sensor, which must agree with it.

    Raises:
        ModelError: it is no SERIES model with a window.
        ConfigError: the settings name another grid.
    """

    def __init__(self, runtime: Runtime, settings: SeriesSettings) -> None:
        bundle = runtime.bundle
        window = bundle.window
        if bundle.head is not Head.SERIES or not isinstance(window, SeriesWindow) or not window.horizons:
            raise ModelError(
                f"{bundle.path} does not forecast a series; make one with `foresight-train series forecast`"
            )
        if settings.step_s and abs(settings.step_s / window.step_s - 1) > SAME_STEP:
            raise ConfigError(
                f"step_s is {settings.step_s:g} and {bundle.path} was trained on steps of {window.step_s:g} s; leave "
                "step_s out, or train on that grid"
            )
        self.window, self.sha256 = window, bundle.sha256
        self.channels, self.step_s = len(window.channels), window.step_s
        self.state_size = bundle.outputs[2].shape[-1]
        self._runtime = runtime

    def forecast(self, values: F64) -> tuple[F64, F64, F64]:
        """Mean (K, C), sigma (K, C) and state (N,) after a window (S, C), in the units of the values.

        Raises:
            ModelError: the model failed.
        """
        bundle = self._runtime.bundle
        scaled, mean, sd = scaled_window(values, self.window)
        raw = self._runtime.invoke(stored(scaled[None], bundle.input.tensor))
        ahead, log_sigma, state = (real(one, spec)[0] for one, spec in zip(raw, bundle.outputs, strict=True))
        return ahead * sd + mean, np.exp(np.clip(log_sigma, -20.0, 10.0)) * sd, state.astype(np.float64)


def scaled_window(values: F64, window: SeriesWindow) -> tuple[F32, F64, F64]:
    """A window (S, C) as the model takes it, and the mean and standard deviation (C,) that it was scaled by."""
    mean, sd = np.array(window.mean), np.array(window.std)
    if window.scaling is Scaling.WINDOW:
        sd = np.maximum(values.std(axis=0), LEAST_SD * sd)
        mean = values.mean(axis=0)
    return ((values - mean) / sd).astype(np.float32), mean, sd


class ModelSource:
    """The newest window of a sensor, and what the model makes of it.

    Horizons between the model's are interpolated, from the newest value on; beyond its last one its forecast stays.

    Args:
        model: to run.
        steps: (K,) the horizons that are wanted, in steps.
    """

    KEPT: ClassVar[tuple[str, ...]] = ("values", "filled")
    forecasts = 1

    def __init__(self, model: SeriesModel, steps: I64) -> None:
        window = model.window
        self._model = model
        self.width = min(model.state_size, WIDEST_STATE)
        self._fold = _fold(model.state_size, self.width)
        self._weight = _between(np.array(window.horizons), steps)  # (K, 1 + the model's horizons)
        self.values: F64 = np.zeros((window.samples, model.channels))
        self.filled = np.zeros(1, np.bool_)

    def step(self, values: F64, scaled: F64) -> tuple[F64, F64]:
        """See `Source.step`; a window that is not full yet begins with its first values."""
        if not self.filled[0]:
            self.values = np.broadcast_to(values, self.values.shape).copy()
            self.filled = np.ones(1, np.bool_)
        self.values = np.concatenate([self.values[1:], values[None]])
        mean, _sigma, state = self._model.forecast(self.values)
        ahead = self._weight @ np.concatenate([values[None], mean])
        return self._fold @ np.clip(state, -10.0, 10.0), ahead[None]

    def reset(self) -> None:
        """Forget what came."""
        self.filled = np.zeros(1, np.bool_)


def _between(known: I64, wanted: I64) -> F64:
    """(K, 1 + H) weights by which values now and at the known steps are interpolated to the wanted ones."""
    at = np.concatenate([[0], known])
    return np.stack([np.interp(wanted, at, row) for row in np.eye(len(at))], axis=1)


def _fold(size: int, width: int) -> F64:
    if size == width:
        return np.eye(size)
    return np.random.default_rng(1).normal(0, 1 / np.sqrt(size), (width, size))
