"""One part of a data set by name, as training divides it."""

from trainer.data.dataset import Dataset
from trainer.data.opening import Opened
from trainer.data.raw import ALL
from trainer.errors import TrainError
from trainer.parts import TEST, TRAIN, VALIDATION, parts

CHOICES = (VALIDATION, TEST, TRAIN, ALL)


def part(opened: Opened, name: str | None) -> tuple[str, Dataset]:
    """The pictures to score a model on, and what they are called.

    Args:
        opened: the folder.
        name: of the part; none = val, or what comes closest to it. Where the folder does not divide itself, train and
            test are what `trainer.parts` makes of it.

    Raises:
        TrainError: there is no such part.
    """
    if name is None:
        name = next(one for one in CHOICES if one in opened.splits)
    if name in opened.splits:
        return name, opened.splits[name]
    if len(opened.splits) == 1 and name in {TRAIN, TEST}:
        found = parts(opened.splits)
        return name, found.train if name == TRAIN else found.held_out
    raise TrainError(f"there is no split {name!r}; the data has {', '.join(opened.splits)}")
