"""What is learnt from: one window of the past and what came of it, as the network takes it.

Letters as in `edge.contracts.trainable`: S samples of a window, F columns, C channels, K horizons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.flow_map import place_columns
from edge.contracts.trainable import TARGETS
from edge.contracts.types import F32, F64, I64, Head, Mask, ModelBundle
from edge.contracts.windows import SeriesWindow, TrackWindow

Arrays = Mapping[str, F32]  # `TARGETS` of a head by name, of paths `PLACE`, too
PLACE = "place"  # where a track is and how it moves, see `edge.contracts.flow_map.places`
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One of them. Times are seconds on the wall clock."""

    arrays: Arrays  # `TARGETS` of its head and `PLACE`, each without the batch
    begin_s: float  # the oldest moment that it tells of
    end_s: float  # the newest
    group: str  # samples of one group (a track) are never divided between learning and judging; "" = of no group
    stratum: str  # its kind; kinds are kept in equal shares
    weight: float  # what an error of 1 is worth, beside those of others


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """n samples, stacked."""

    arrays: Arrays  # each with n rows
    weight: F64  # (n,)
    begin_s: F64  # (n,)
    group: Sequence[str]  # (n,)
    stands: F64  # (n,) for how many of its kind each stands; kinds are kept in equal shares, and do not come so

    def __len__(self) -> int:
        return len(self.weight)

    def __getitem__(self, rows: Mask | I64) -> Self:
        """The chosen rows."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        arrays = {name: column[chosen] for name, column in self.arrays.items()}
        return type(self)(
            arrays, self.weight[chosen], self.begin_s[chosen], [self.group[row] for row in chosen], self.stands[chosen]
        )


def joined(first: Batch, second: Batch) -> Batch:
    """The rows of both, of the same head."""
    arrays = {name: np.concatenate([column, second.arrays[name]]) for name, column in first.arrays.items()}
    weight, begin_s, stands = (
        np.concatenate([getattr(one, name) for one in (first, second)]) for name in ("weight", "begin_s", "stands")
    )
    return Batch(arrays, weight, begin_s, [*first.group, *second.group], stands)


def stacked(samples: Sequence[Sample], shapes: Shapes, share: Mapping[str, float] | None = None) -> Batch:
    """All of them, in this order; none is an empty batch.

    Args:
        samples: n of them.
        shapes: of each.
        share: how many each of a kind stands for; 1 where that is not said.
    """
    n = len(samples)
    arrays = {
        name: np.array([one.arrays[name] for one in samples], np.float32).reshape(n, *shape)
        for name, shape in shapes.items()
    }
    weight, begin_s = (np.array([getattr(one, name) for one in samples], np.float64) for name in ("weight", "begin_s"))
    stands = np.array([(share or {}).get(one.stratum, 1.0) for one in samples], np.float64)
    return Batch(arrays, weight, begin_s, [one.group for one in samples], stands)


def shapes_of(bundle: ModelBundle) -> Shapes:
    """What samples for this model are made of: the shape of each array without the batch.

    Raises:
        ModelError: no samples are known for such a model.
    """
    window, found = bundle.window, tuple[tuple[int, ...], ...]()
    if bundle.head is Head.TRAJECTORY and isinstance(window, TrackWindow):
        k = len(window.horizons_s)
        found = (bundle.input.tensor.shape[1:], (k, 2), (k,), (place_columns(window),))
    elif bundle.head is Head.SERIES and isinstance(window, SeriesWindow):
        future = (len(window.horizons), len(window.channels))
        found = (bundle.input.tensor.shape[1:], future, future)
    elif bundle.head is Head.AUTOENCODER and isinstance(window, SeriesWindow):
        found = (bundle.input.tensor.shape[1:], (window.samples,))
    else:
        raise ModelError(f"{bundle.name} ({bundle.head.value}): nothing is known of how such a model learns here")
    return dict(zip(TARGETS[bundle.head] + beside(bundle.head), found, strict=True))


def beside(head: Head) -> tuple[str, ...]:
    """Names of what samples hold beside `TARGETS`, which the network does not see."""
    return (PLACE,) if head is Head.TRAJECTORY else ()


def form_of(bundle: ModelBundle) -> str:
    """What the arrays of its samples mean; samples of another form are of no use to it."""
    return " ".join([bundle.head.value, str(bundle.window), *beside(bundle.head)])


def fits(sample: Sample, shapes: Shapes) -> bool:
    """Whether it has these arrays, all of finite numbers, and something of it is known."""
    arrays = sample.arrays
    if set(arrays) != set(shapes) or any(arrays[name].shape != shape for name, shape in shapes.items()):
        return False
    finite = all(np.isfinite(one).all() for one in arrays.values())
    times = np.isfinite([sample.begin_s, sample.end_s, sample.weight]).all() and sample.begin_s <= sample.end_s
    return bool(finite and times and sample.weight > 0 and (arrays["known"] > 0).any())
