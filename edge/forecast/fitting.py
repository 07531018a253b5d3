"""Whether a model can forecast the paths of this camera's tracks."""

from edge.contracts.errors import ModelError
from edge.contracts.track_windows import input_shape
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import TrackWindow

LONGEST_REACH_S = 60.0  # of a history: boxes are kept in memory for every track
SAME_S = 1e-3  # horizons of a file have passed through float32, perhaps


def window_of(bundle: ModelBundle) -> TrackWindow:
    """What a trajectory model takes.

    Raises:
        ModelError: it is none, or none that tracks can be brought to.
    """
    window = bundle.window
    if bundle.head is not Head.TRAJECTORY or not isinstance(window, TrackWindow):
        raise ModelError(
            f"{bundle.path} is a model of the kind {bundle.head.value}, and forecasts need one of the kind "
            f"{Head.TRAJECTORY.value}; make one with `foresight-train forecaster`, or write shipped or none"
        )
    shape = bundle.input.tensor.shape
    if shape != input_shape(window):
        raise ModelError(
            f"{bundle.path} takes {list(shape)}, and its tracks would be {list(input_shape(window))}; it was made by "
            "another version: export it again with the trainer of this one"
        )
    if reach_s(window) > LONGEST_REACH_S:
        raise ModelError(
            f"{bundle.path} looks back {reach_s(window):g} s, and histories reach {LONGEST_REACH_S:g} s at most; "
            "train it on shorter windows"
        )
    return window


def refuse_unfit(bundle: ModelBundle, horizons_s: tuple[float, ...]) -> TrackWindow:
    """What a model takes that forecasts just these horizons.

    Raises:
        ModelError: it is no trajectory model, or knows other horizons.
    """
    window = window_of(bundle)
    if not _alike(window.horizons_s, horizons_s):
        raise ModelError(
            f"{bundle.path} forecasts {_listed(window.horizons_s)} s ahead, and horizons_s is "
            f"{_listed(horizons_s)}; write horizons_s: [{_listed(window.horizons_s)}], or name another model"
        )
    return window


def reach_s(window: TrackWindow) -> float:
    """How far back the model looks."""
    return window.samples * window.step_s


def _alike(ours: tuple[float, ...], theirs: tuple[float, ...]) -> bool:
    return len(ours) == len(theirs) and all(abs(one - other) <= SAME_S for one, other in zip(ours, theirs, strict=True))


def _listed(horizons_s: tuple[float, ...]) -> str:
    return ", ".join(f"{horizon:g}" for horizon in horizons_s)
