"""A folder of labelled pictures opened, whatever format it is in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.data import class_folders, coco, csv_tables, penn_fudan, voc, yolo
from trainer.data.assemble import assemble
from trainer.data.dataset import Dataset
from trainer.data.problem import Problem, Severity
from trainer.data.raw import RawSet
from trainer.data.suspicions import suspicions
from trainer.errors import TrainError

__all__ = ["FORMS", "Form", "Opened", "Problem", "Severity", "open_data"]


@dataclass(frozen=True, slots=True)
class Form:
    """A format: how it is recognised, and read."""

    name: str
    looked_for: str
    looks_like: Callable[[Path], bool]
    read: Callable[[Path], RawSet]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What a folder holds.

    `splits` has the keys train, val and test as far as the folder divides itself, else the one key `all`. All of them
    have the same labels. A picture that cannot be used is in none of them, and in `problems`.
    """

    form: str
    splits: Mapping[str, Dataset]
    problems: tuple[Problem, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Of every split."""
        return next(iter(self.splits.values())).labels


# The first that recognises a folder reads it: the ones that say most about themselves come first.
FORMS = (
    Form("COCO", coco.LOOKED_FOR, coco.looks_like_coco, coco.read_coco),
    Form("YOLO", yolo.LOOKED_FOR, yolo.looks_like_yolo, yolo.read_yolo),
    Form("csv", csv_tables.LOOKED_FOR, csv_tables.looks_like_csv, csv_tables.read_csv),
    Form("Pascal VOC", voc.LOOKED_FOR, voc.looks_like_voc, voc.read_voc),
    Form("Penn-Fudan", penn_fudan.LOOKED_FOR, penn_fudan.looks_like_penn_fudan, penn_fudan.read_penn_fudan),
    Form(
        "class folders",
        class_folders.LOOKED_FOR,
        class_folders.looks_like_class_folders,
        class_folders.read_class_folders,
    ),
)


def open_data(folder: Path) -> Opened:
    """Find out the format and read it. Only the pictures' headers are read.

    Raises:
        TrainError: there is no such folder, no format is recognised, or no picture in it can be used.
    """
    if not folder.exists():
        raise TrainError(f"there is no {folder}; name the folder of the labelled pictures")
    try:
        form = next((one for one in FORMS if one.looks_like(folder)), None)
        if form is None:
            looked = "".join(f"\n  {one.name}: {one.looked_for}" for one in FORMS)
            raise TrainError(f"{folder} holds no labelled pictures of a format known here; looked for{looked}")
        splits, problems = assemble(form.read(folder))
    except OSError as error:
        raise TrainError(f"{error.filename} cannot be read: {error.strerror}; correct its permissions") from error
    if not any(len(one) for one in splits.values()):
        raise TrainError(f"{folder} ({form.name}) holds no picture that can be used{_first(problems)}")
    filled = {name: one for name, one in splits.items() if len(one)}
    return Opened(form.name, filled, (*problems, *suspicions(folder, filled)))


def _first(problems: list[Problem]) -> str:
    """The first few of what is wrong."""
    told = [f"\n  {one.path}: {one.what}: {one.advice}" for one in problems[:5]]
    return ":" + "".join(told) if told else "; put pictures there"
