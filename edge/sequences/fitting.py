"""Whether a model names windows, and of what."""

from edge.contracts.errors import ModelError
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import SeriesWindow, SoundWindow


def window_of(bundle: ModelBundle) -> SeriesWindow | SoundWindow:
    """What a classifier of windows takes.

    Raises:
        ModelError: it is none, or lacks labels.
    """
    window = bundle.window
    if bundle.head is not Head.SEQUENCE or not isinstance(window, SeriesWindow | SoundWindow):
        raise ModelError(
            f"{bundle.path} is a {bundle.head.value} and names no windows; `foresight-train series classify` makes a "
            "model that does"
        )
    if len(bundle.labels) != bundle.outputs[0].shape[-1]:
        raise ModelError(
            f"{bundle.path} has {bundle.outputs[0].shape[-1]} classes and {len(bundle.labels)} labels; export it "
            "again with the labels that it was trained on"
        )
    return window


def sound_window(window: SeriesWindow | SoundWindow) -> SoundWindow:
    """The window of a model that hears. Raises ModelError: it takes values of a sensor."""
    if not isinstance(window, SoundWindow):
        raise ModelError("the model takes values of a sensor, not a sound; give it to a sensor that has them")
    return window


def values_window(window: SeriesWindow | SoundWindow) -> SeriesWindow:
    """The window of a model that takes values of a sensor. Raises ModelError: it takes a sound."""
    if not isinstance(window, SeriesWindow):
        raise ModelError("the model takes a sound, not values; name it under `sounds`, with a microphone or wav file")
    return window
