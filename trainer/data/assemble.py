"""From what a format's files tell to a sound data set, and the list of what had to be left out or mended on the way."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.contracts.labels import MAX_LABELS, MAX_LENGTH
from trainer.data.dataset import Dataset, Picture
from trainer.data.header import picture_size
from trainer.data.placing import contradiction, place
from trainer.data.problem import Problem, warning
from trainer.data.raw import RawBox, RawPicture, RawSet
from trainer.errors import TrainError


def assemble(raw: RawSet) -> tuple[dict[str, Dataset], list[Problem]]:
    """The data sets of a folder by split, all of one list of labels, and everything that is wrong with them.

    Raises:
        TrainError: a label would be none in a label file, where each has a line.
    """
    problems = list(raw.problems)
    labels = raw.labels or tuple(
        sorted({box.label for rows in raw.splits.values() for one in rows for box in one.boxes})
    )
    labels = tuple(dict.fromkeys(labels))  # two classes of one name are one
    _check_labels(labels)
    rows = {label: row for row, label in enumerate(labels)}
    splits = {name: _read(pictures, labels, rows, problems) for name, pictures in raw.splits.items()}
    return splits, problems


def _check_labels(labels: tuple[str, ...]) -> None:
    wrong = next((one for one in labels if not one or not one.isprintable() or len(one) > MAX_LENGTH), None)
    if wrong is not None or len(labels) > MAX_LABELS:
        told = f"{len(labels)} classes" if wrong is None else f"a class named {wrong[:40]!r}"
        raise TrainError(
            f"the data has {told}; at most {MAX_LABELS} are told apart, each with a name of 1 to {MAX_LENGTH} letters"
        )


def _read(
    raw: Sequence[RawPicture], labels: tuple[str, ...], rows: Mapping[str, int], problems: list[Problem]
) -> Dataset:
    made = (_picture(one, rows, problems) for one in _once_each(raw, problems))
    return Dataset(labels, tuple(one for one in made if one is not None))


def _once_each(raw: Sequence[RawPicture], problems: list[Problem]) -> list[RawPicture]:
    """Every picture once; one that is told of twice has the boxes of both."""
    seen: dict[Path, RawPicture] = {}
    for one in raw:
        before = seen.get(one.path)
        if before is not None:
            told = f"it tells of {one.path.name} a second time; the boxes of both are taken together"
            problems.append(warning(one.source, told, "tell of every picture once"))
            one = RawPicture(before.path, before.source, before.size, before.unit, before.boxes + one.boxes)  # noqa: PLW2901
        seen[one.path] = one
    return list(seen.values())


def _picture(raw: RawPicture, rows: Mapping[str, int], problems: list[Problem]) -> Picture | None:
    if not raw.path.is_file():
        told = f"there is no picture {raw.path}; left out"
        problems.append(Problem(raw.source, told, "put it there, or delete what tells of it"))
        return None
    try:
        size = picture_size(raw.path)
    except TrainError as error:
        problems.append(Problem(raw.path, f"{error}; left out", "replace it by a good copy, or delete it"))
        return None
    wrong = contradiction(raw, size)
    if wrong is not None:
        problems.append(wrong)
    box, names = place(_known(raw, rows, problems), size, problems)
    return Picture(raw.path, *size, box, np.array([rows[name] for name in names], np.int64))


def _known(raw: RawPicture, rows: Mapping[str, int], problems: list[Problem]) -> RawPicture:
    """The picture without boxes of classes that the data set does not name."""
    known: list[RawBox] = []
    for box in raw.boxes:
        if box.label in rows:
            known.append(box)
        else:
            told = f"{box.where}: the class {box.label!r} is not among the data set's; its box left out"
            problems.append(Problem(raw.source, told, "correct it, or add it to the list of names"))
    return RawPicture(raw.path, raw.source, raw.size, raw.unit, tuple(known))
