"""Models that learn where they run: what their file says of it, and the seam to whatever trains them.

Such a file holds four signatures. `infer` is the model as every other one is served. `train` takes one batch and makes
one step of the optimiser that stands in the graph. `get_weights` and `set_weights` give and take all that changes, as
two flat vectors. Letters: B rows of a batch, N learnt numbers, P numbers of the optimiser.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.json_fields import Object, count, member, real
from edge.contracts.runtime import Runtime
from edge.contracts.types import F32, Head

INFER, TRAIN, GET_WEIGHTS, SET_WEIGHTS = "infer", "train", "get_weights", "set_weights"
WEIGHTS, OPTIMIZER, RATE, LOSS = "weights", "optimizer", "rate", "loss"
MOST_BATCH, MOST_NUMBERS = 1024, 1 << 24

# What `train` takes beside `rate` (1,): float32 with the batch B first. `known` is 0 where a target is not known.
TARGETS: Mapping[Head, tuple[str, ...]] = MappingProxyType(
    {
        Head.TRAJECTORY: ("tracks", "future", "known"),  # (B, S, F), (B, K, 2) as `departure` gives it, (B, K)
        Head.SERIES: ("window", "future", "known"),  # (B, S, C), (B, K, C) scaled as the window, (B, K, C)
        Head.AUTOENCODER: ("window", "known"),  # (B, S, C), (B, S)
        Head.CLASSIFIER: ("embedding", "target", "known"),  # (B, E), (B, L) shares of each class, (B,)
    }
)


class Optimizer(StrEnum):
    """What makes the steps."""

    ADAM = "adam"
    SGD = "sgd"  # with momentum


@dataclass(frozen=True, slots=True)
class Trainable:
    """The part of `foresight.json` that says how the model learns."""

    batch: int  # B of `train`; rows that are not used are zero, and not known
    weights: int  # N
    optimizer: Optimizer
    state: int  # P
    rate: float  # of learning, that it was exported with; `train` takes another


@dataclass(frozen=True, eq=False, slots=True)
class Weights:
    """All of a model that changes when it learns. A new optimiser is all zeros."""

    weights: F32  # (N,)
    optimizer: F32  # (P,)


class Trainee(Runtime, Protocol):
    """A loaded model that learns. Not thread-safe; `invoke` answers by the weights that it has now."""

    @property
    def trainable(self) -> Trainable:
        """How it learns."""

    def train(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step; the loss before it.

        Args:
            batch: `TARGETS` of its head, B rows each.
            rate: of learning.

        Raises:
            ModelError: the batch does not fit, the model failed, or the loss is no finite number: the weights may be
                spoiled then, and are to be set again.
        """

    def weights(self) -> Weights:
        """A copy of what it has learnt so far. Raises ModelError."""

    def set_weights(self, weights: Weights) -> None:
        """Go on from these.

        Raises:
            ModelError: they are of another size, or hold what is no finite number; it is as it was.
        """


def parse_trainable(entry: Object) -> Trainable:
    """Read it from JSON.

    Raises:
        MalformedError: a key is missing or of the wrong type.
        ModelError: a number makes no sense.
    """
    found = Trainable(
        batch=count(entry, "batch"),
        weights=count(entry, "weights"),
        optimizer=member(Optimizer, entry, "optimizer"),
        state=count(entry, "state"),
        rate=real(entry, "rate"),
    )
    sizes = 1 <= found.weights <= MOST_NUMBERS and 0 <= found.state <= 4 * MOST_NUMBERS
    if not (1 <= found.batch <= MOST_BATCH and sizes and 0 < found.rate <= 1):
        raise ModelError(f"what it says of learning makes no sense: {found}; export it again")
    return found
