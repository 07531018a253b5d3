"""Which pictures are trained on, which choose among trainings, and which are kept for the score."""

from collections.abc import Mapping

from trainer.data.dataset import Dataset
from trainer.data.dividing import divide
from trainer.data.opening import Opened
from trainer.data.raw import ALL
from trainer.errors import TrainError

VALIDATED = 0.2  # share of the pictures that is held back where the folder divides nothing
CHOICES = ("val", "test", "train", ALL)


def parts(opened: Opened, seed: int = 1) -> Mapping[str, Dataset]:
    """Parts named train and val at least, and test where the folder has one.

    What the folder says is kept; what it lacks is drawn by the seed: val from train (or from `all`), train never from
    test. A folder with val and test only is divided like one that says nothing of val.

    Raises:
        TrainError: there is nothing to train on.
    """
    found = dict(opened.splits)
    whole = found.pop(ALL, None) or found.get("train") or found.get("val")
    if whole is None:
        raise TrainError("there are no pictures to train on; name a folder `train`, or leave the pictures undivided")
    if "train" not in found or "val" not in found:
        found |= divide(whole, {"train": 1 - VALIDATED, "val": VALIDATED}, seed)
    return {name: found[name] for name in ("train", "val", "test") if name in found}


def part(opened: Opened, name: str | None, seed: int = 1) -> tuple[str, Dataset]:
    """The pictures to score a model on, and what they are called.

    Args:
        opened: the folder.
        name: of the part; none = val, or what comes closest to it.
        seed: of the division, where the folder has none and val or train is asked for.

    Raises:
        TrainError: there is no such part.
    """
    if name is None:
        name = next(one for one in CHOICES if one in opened.splits)
    if name in opened.splits:
        return name, opened.splits[name]
    drawn = parts(opened, seed) if ALL in opened.splits or name == "val" else opened.splits
    if name not in drawn:
        raise TrainError(f"there is no split {name!r}; the data has {', '.join(opened.splits)}")
    return name, drawn[name]
