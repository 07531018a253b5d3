"""What a model file says of windows, computed as the daemon computes it."""

from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.tensors import real, stored
from edge.contracts.track_windows import Answer, input_shape
from edge.contracts.types import F32, Head, ModelBundle
from edge.contracts.windows import TrackWindow
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime


def window_of(bundle: ModelBundle) -> TrackWindow:
    """What a trajectory model takes.

    Raises:
        ModelError: it is none.
    """
    window = bundle.window
    if bundle.head is not Head.TRAJECTORY or not isinstance(window, TrackWindow):
        raise ModelError(f"{bundle.path} is a model of the kind {bundle.head}, and a trajectory model is needed")
    if bundle.input.tensor.shape != input_shape(window):
        raise ModelError(f"{bundle.path} was made by another version; export it again")
    return window


def file_answers(path: Path, x: F32) -> Answer:
    """The file's answer to windows (n, S, F), n > 0.

    Raises:
        ModelError: it cannot be read or run.
    """
    bundle = read_bundle(path)
    batch = window_of(bundle).tracks
    parts = []
    with open_runtime(bundle, RuntimeSettings(threads=1)) as runtime:
        for begin in range(0, len(x), batch):
            some = x[begin : begin + batch]
            full = np.zeros((batch, *x.shape[1:]), np.float32)
            full[: len(some)] = some
            outputs = runtime.invoke(stored(full, bundle.input.tensor))
            parts.append([real(out, spec)[: len(some)] for out, spec in zip(outputs, bundle.outputs, strict=True)])
    return Answer(*(np.concatenate(column) for column in zip(*parts, strict=True)))
