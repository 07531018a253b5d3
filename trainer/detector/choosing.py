"""Settings that suit the data, and why: what is picked where neither recipe nor option says anything."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import F64
from trainer.data.dataset import Dataset
from trainer.detector.settings import DetectorRecipe, NetworkSettings, TrainingSettings

SIDES = (256, 320, 416, 512, 640)
SMALLEST_SEEN_PX = 12.0  # a side of an object, in the network's picture, below which little of it is left
SMALL_SHARE = 10.0  # percent of the objects that may be smaller than that
ROUNDS = 100  # times that each picture is shown
STEPS = (800, 20_000)  # fewest and most
BATCH = 16
RARE = 0.05  # classes in fewer than this share of the pictures are shown more often


@dataclass(frozen=True, slots=True)
class Choice:
    """Settings, and by dotted key why they were picked."""

    recipe: DetectorRecipe
    reasons: Mapping[str, str]


def choose(dataset: Dataset) -> Choice:
    """Settings for training on these pictures, of which some show objects."""
    side, why_side = _side(dataset)
    steps = int(np.clip(round(ROUNDS * len(dataset) / BATCH, -1), *STEPS))
    shares = _class_shares(dataset)
    uneven = len(shares) > 1 and float(shares.min()) < RARE <= float(shares.max())
    reasons = {
        "network.input_px": why_side,
        "training.steps": f"{steps} steps of {BATCH}: each of the {len(dataset)} pictures is shown about "
        f"{steps * BATCH / max(len(dataset), 1):.0f} times",
    }
    if uneven:
        reasons["training.rare"] = f"classes in fewer than {RARE:.0%} of the pictures are shown more often"
    training = TrainingSettings(steps=steps, batch=BATCH, rare=RARE if uneven else 0.0)
    return Choice(DetectorRecipe(network=NetworkSettings(input_px=side), training=training), reasons)


def _side(dataset: Dataset) -> tuple[int, str]:
    """The smallest picture in which nearly all objects can still be made out."""
    small = _small_share(dataset)
    for side in SIDES[:-1]:
        if small * side >= SMALLEST_SEEN_PX:
            break
    else:
        side = SIDES[-1]
    return side, f"pictures of {side} px: the smallest tenth of the objects has sides of {small * side:.0f} px there"


def _small_share(dataset: Dataset) -> float:
    """The side that 10 % of the objects are smaller than, as a share of the longer side of their picture."""
    sides = [
        np.sqrt(np.prod((one.box[:, 2:] - one.box[:, :2]).astype(np.float64) * one.size, axis=1)) / max(one.size)
        for one in dataset.pictures
    ]
    return float(np.percentile(np.concatenate(sides), SMALL_SHARE))


def _class_shares(dataset: Dataset) -> F64:
    """(C,) in which share of the pictures each class that is there occurs."""
    has = np.zeros((len(dataset), len(dataset.labels)), bool)
    for row, picture in zip(has, dataset.pictures, strict=True):
        row[picture.label] = True
    share = has.mean(axis=0)
    return share[share > 0]
