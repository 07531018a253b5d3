"""What a classifier learns from, what calibrates it, and what is reported on: samples of the classes it can learn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from trainer.classifier.choosing import class_counts
from trainer.classifier.samples import samples
from trainer.data.dataset import Dataset
from trainer.data.dividing import divide
from trainer.errors import TrainError
from trainer.parts import TRAIN, VALIDATION, Parts

CROPS = "crops"
VALIDATION_SHARE = 0.15  # of what is learnt from, where the data has no validation split
FEWEST = 40  # pictures to learn from, below which none is spared for validation
SEED = 1
FEW = 10  # names shown in a sentence


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """Samples of one label each; `labels` are those of the classes that there is something to learn about."""

    train: Dataset
    validation: Dataset  # empty where there are too few pictures
    held_out: Dataset

    @property
    def seen(self) -> Dataset:
        """All samples that have a say in the weights."""
        return Dataset(self.train.labels, (*self.train.pictures, *self.validation.pictures))

    @property
    def named(self) -> Mapping[str, Dataset]:
        """By name, for the folder of the run."""
        return {"train": self.train, "validation": self.validation, "held-out": self.held_out}


def divided(found: Parts, folder: Path, console: Console) -> Divided:
    """The samples of a divided data set, of whose pictures all can be decoded.

    Args:
        found: its parts.
        folder: of the run, for the crops.
        console: told what is left out.

    Raises:
        TrainError: no samples, or one class only; the folder cannot be written.
    """
    train, validation = spared(found)
    all_of = [
        samples(one, folder / CROPS / name)
        for name, one in zip(_NAMES, (train, validation, found.held_out), strict=True)
    ]
    known = np.flatnonzero(class_counts(all_of[0]))
    labels = found.train.labels
    if not len(known):
        raise TrainError(
            f"none of the {len(found.train)} training pictures has a sample that is large enough; name larger pictures"
        )
    if len(known) == 1:
        raise TrainError(
            f"all samples to learn from are of one class, {labels[known[0]]!r}; a classifier tells classes apart: add "
            "pictures of something else, in a folder `other`, say"
        )
    if not len(all_of[2]):
        raise TrainError("no sample is held out to report on; add pictures, or enlarge the validation split")
    made = [_of(one, known, console) for one in all_of]
    lost = [name for row, name in enumerate(labels) if row not in known]
    if lost:
        more = f" and {len(lost) - FEW} more" if len(lost) > FEW else ""
        told = f"no samples to learn from, so not in the model: {', '.join(lost[:FEW])}{more}"
        console.print(told, style="yellow", markup=False, highlight=False)
    return Divided(*made)


_NAMES = ("train", "validation", "held-out")


def spared(found: Parts) -> tuple[Dataset, Dataset]:
    """What is learnt from, and what chooses and calibrates: some of the former where the data has none of its own."""
    if found.validation is not None:
        return found.train, found.validation
    if len(found.train) < FEWEST:
        return found.train, found.train.take(())
    shares = {TRAIN: 1 - VALIDATION_SHARE, VALIDATION: VALIDATION_SHARE}
    made = divide(found.train, shares, SEED)
    return made[TRAIN], made[VALIDATION]


def _of(dataset: Dataset, known: np.ndarray, console: Console) -> Dataset:
    """The samples of the known classes, numbered anew."""
    number = np.full(len(dataset.labels), -1, np.int64)
    number[known] = np.arange(len(known))
    kept = tuple(replace(one, label=number[one.label]) for one in dataset.pictures if number[one.label[0]] >= 0)
    if len(kept) < len(dataset):
        rest = len(dataset) - len(kept)
        console.print(f"left out, of classes that nothing is learnt about: {rest} samples", style="yellow")
    return Dataset(tuple(dataset.labels[row] for row in known.tolist()), kept)
