"""The network under study: laid open, with its levels and what their units see."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.explain.flat import Flat, flattened
from trainer.explain.levels import Level, levels
from trainer.explain.pictures import Views, spread
from trainer.explain.reach import Reach, reaches
from trainer.explain.verdict import Reader, numbered, reader
from trainer.trained import Trained

MEASURED = 6  # pictures over which it is measured what units see


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One network, and all that is needed to ask it."""

    trained: Trained
    network: Any  # the Keras model
    flat: Flat
    reader: Reader
    logits: Any  # the tensor that verdicts are read from
    levels: tuple[tuple[Level, Reach], ...]  # from shallow to deep


def subject(trained: Trained, network: Any, views: Views) -> Subject:
    """Lay a network open.

    Args:
        trained: what it is for.
        network: `trainer.networks.load_network` of it.
        views: pictures to measure it with.

    Raises:
        TrainError: it is none that can be explained.
    """
    flat, read = flattened(network), reader(trained)
    chosen = levels(flat)
    measured = np.stack([view.tensor for view in spread(views.views, MEASURED)])
    pairs = tuple(zip(chosen, reaches(flat, chosen, measured), strict=True))
    return Subject(trained, network, flat, read, numbered(flat, read), pairs)
