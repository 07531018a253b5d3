"""Settings of a classifier that suit the data, and why: picked where neither recipe nor option says anything."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edge.contracts.types import I64
from trainer.classifier.settings import ClassifierNetwork, ClassifierRecipe, ClassifierTraining
from trainer.data.dataset import Dataset

SIDES = (96, 128, 160, 192, 224)
ROUNDS = 30  # times that each picture is shown
STEPS = (300, 10_000)  # fewest and most
BATCH = 32
UNEVEN = 4.0  # times that the commonest class is commoner than the rarest, from which rare ones count for more
BALANCE = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """Settings, and by dotted key why they were picked."""

    recipe: ClassifierRecipe
    reasons: Mapping[str, str]


def choose(dataset: Dataset) -> Choice:
    """Settings for learning from these samples, one label each."""
    longest = float(np.median([max(picture.size) for picture in dataset.pictures]))
    side = next((one for one in reversed(SIDES) if one <= longest), SIDES[0])
    steps = int(np.clip(round(ROUNDS * len(dataset) / BATCH, -1), *STEPS))
    count = class_counts(dataset)
    times = count.max() / max(count[count > 0].min(), 1)
    reasons = {
        "network.input_px": f"pictures of {side} px: half of the samples have more than {longest:.0f} px",
        "training.steps": f"{steps} steps of {BATCH}: each of the {len(dataset)} samples is shown about "
        f"{steps * BATCH / max(len(dataset), 1):.0f} times",
    }
    if times > UNEVEN:
        reasons["training.balance"] = f"rare classes count for more: the commonest is {times:.0f} times as common"
    training = ClassifierTraining(steps=steps, batch=BATCH, balance=BALANCE if times > UNEVEN else 0.0)
    return Choice(ClassifierRecipe(network=ClassifierNetwork(input_px=side), training=training), reasons)


def class_counts(dataset: Dataset) -> I64:
    """(C,) samples of each class."""
    labels = [picture.label for picture in dataset.pictures]
    return np.bincount(np.concatenate([np.zeros(0, np.int64), *labels]), minlength=len(dataset.labels))
