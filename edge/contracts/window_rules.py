"""Which tensors a model of sequences has.

Letters in shapes: B tracks of one call, S samples, C channels, K horizons, M modes of a mixture, E numbers of an
embedding, N of a recurrent state, L labels. The newest sample is the last. Tensors by head, outputs in this order:

| head | input | outputs |
|---|---|---|
| trajectory | (B, S, features), see `track_windows` | logit (B, M), mean (B, M, K, 2), log_sigma (B, M, K) |
| series | (1, S, C) | mean (1, K, C), log_sigma (1, K, C), state (1, N) |
| sequence | (1, S, C), or (1, frames, bands) of a sound | probabilities (1, L), embedding (1, E) |
| autoencoder | (1, S, C) | reconstruction (1, S, C), embedding (1, E) |
"""

from collections.abc import Callable, Mapping

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.types import Head, TensorSpec
from edge.contracts.windows import SeriesWindow, Shape, SoundWindow, TrackWindow, Window, kind_of

OUTPUTS: Mapping[Head, tuple[str, ...]] = {
    Head.TRAJECTORY: ("logit", "mean", "log_sigma"),
    Head.SERIES: ("mean", "log_sigma", "state"),
    Head.SEQUENCE: ("probabilities", "embedding"),
    Head.AUTOENCODER: ("reconstruction", "embedding"),
}


def output_shapes(head: Head, window: Window) -> tuple[Shape, ...]:
    """Extents of the outputs, 0 where the window leaves them open.

    Raises:
        MalformedError: a model with such a head takes no such window.
    """
    shapes = _SHAPES.get((head, type(window)))
    if shapes is None:
        raise MalformedError(f"its head {head.value} does not fit an input of the kind {kind_of(window)}")
    return shapes(window)


def check_tensors(head: Head, window: Window, given: TensorSpec, outputs: tuple[TensorSpec, ...]) -> None:
    """Refuse a model whose tensors are not those of its window.

    Raises:
        MalformedError: they are not.
    """
    wanted = output_shapes(head, window)
    shapes = [(given.shape, window.shape), *((spec.shape, want) for spec, want in zip(outputs, wanted, strict=False))]
    if len(outputs) != len(wanted) or not all(_fits(shape, want) for shape, want in shapes):
        found = ", ".join(str(list(spec.shape)) for spec in (given, *outputs))
        needed = ", ".join(str(list(shape)) for shape in (window.shape, *wanted))
        raise MalformedError(f"its tensors are {found} and its window needs {needed} (0: any)")


def _fits(shape: Shape, wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(want in (0, extent) for extent, want in zip(shape, wanted, strict=True))


def _paths(window: Window) -> tuple[Shape, ...]:
    assert isinstance(window, TrackWindow)
    b, m, k = window.tracks, window.modes, len(window.horizons_s)
    return (b, m), (b, m, k, 2), (b, m, k)


def _future(window: Window) -> tuple[Shape, ...]:
    assert isinstance(window, SeriesWindow)
    path = (1, len(window.horizons), len(window.channels))
    return path, path, (1, 0)


def _classes(window: Window) -> tuple[Shape, ...]:
    del window
    return (1, 0), (1, 0)


def _same(window: Window) -> tuple[Shape, ...]:
    return window.shape, (1, 0)


_SHAPES: Mapping[tuple[Head, type[Window]], Callable[[Window], tuple[Shape, ...]]] = {
    (Head.TRAJECTORY, TrackWindow): _paths,
    (Head.SERIES, SeriesWindow): _future,
    (Head.SEQUENCE, SeriesWindow): _classes,
    (Head.SEQUENCE, SoundWindow): _classes,
    (Head.AUTOENCODER, SeriesWindow): _same,
    (Head.AUTOENCODER, SoundWindow): _same,
}
