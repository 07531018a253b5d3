"""What is learnt from, what chooses the weights, and what is reported on: never the same pictures twice."""

from collections.abc import Mapping
from dataclasses import dataclass

from trainer.data.dataset import Dataset
from trainer.data.dividing import divide
from trainer.errors import TrainError

TRAIN, VALIDATION, TEST, WHOLE = "train", "val", "test", "all"
HELD_OUT_SHARE = 0.2
SEED = 1  # of the division of a data set that does not divide itself: the same for everyone


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """A data set, divided."""

    train: Dataset
    validation: Dataset | None  # None: no weights are chosen by their score
    held_out: Dataset
    how: str  # the division in words

    @property
    def seen(self) -> Dataset:
        """All pictures that have a say in the weights."""
        chosen_by = self.validation.pictures if self.validation else ()
        return Dataset(self.train.labels, (*self.train.pictures, *chosen_by))


def parts(splits: Mapping[str, Dataset]) -> Parts:
    """Divide a data set as it divides itself, else by chance.

    Where it has one of validation and test only, that one is reported on, and nothing is chosen by it.

    Raises:
        TrainError: nothing to learn from, or nothing to report on.
    """
    if set(splits) == {WHOLE}:
        divided = divide(splits[WHOLE], {TRAIN: 1 - HELD_OUT_SHARE, TEST: HELD_OUT_SHARE}, SEED)
        how = f"it does not divide itself: {HELD_OUT_SHARE:.0%} of its pictures are held out (seed {SEED})"
        return checked(Parts(divided[TRAIN], None, divided[TEST], how))
    if TRAIN not in splits:
        raise TrainError(f"the data has {', '.join(sorted(splits)) or 'nothing'} but no training split ({TRAIN})")
    validation, test = splits.get(VALIDATION), splits.get(TEST)
    if validation is not None and test is not None:
        how = f"{VALIDATION} chooses the best weights, {TEST} is held out"
        return checked(Parts(splits[TRAIN], validation, test, how))
    held_out = test if test is not None else validation
    if held_out is None:
        divided = divide(splits[TRAIN], {TRAIN: 1 - HELD_OUT_SHARE, TEST: HELD_OUT_SHARE}, SEED)
        how = f"it has a training split only: {HELD_OUT_SHARE:.0%} of it is held out (seed {SEED})"
        return checked(Parts(divided[TRAIN], None, divided[TEST], how))
    how = f"{VALIDATION if test is None else TEST} is held out, and no weights are chosen by it"
    return checked(Parts(splits[TRAIN], None, held_out, how))


def checked(found: Parts) -> Parts:
    """The same, where there is something to learn from and something to report on.

    Raises:
        TrainError: there is not.
    """
    boxes = sum(len(picture.label) for picture in found.train.pictures)
    if not boxes:
        raise TrainError(
            f"none of the {len(found.train)} training pictures shows an object; label some, or name the right folder "
            "(`foresight-train data stats` shows what is read)"
        )
    if not len(found.held_out):
        raise TrainError("there is no picture to hold out; 10 are the least that makes sense, some hundreds are good")
    return found
