"""What is sound in every single picture, and wrong with the set as a whole."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from trainer.data.alike import same_content
from trainer.data.dataset import Dataset
from trainer.data.problem import Problem, warning


def suspicions(folder: Path, splits: Mapping[str, Dataset]) -> list[Problem]:
    """What is wrong with a set.

    Args:
        folder: where it lies, to name it by.
        splits: its parts, at least one, none of them empty.
    """
    return [*_twice(splits), *_classes(folder, splits), *_unseen(folder, splits)]


def _twice(splits: Mapping[str, Dataset]) -> Iterator[Problem]:
    split_of = {(name, picture.path): name for name, part in splits.items() for picture in part.pictures}
    where: dict[Path, list[str]] = {}
    for name, path in split_of:
        where.setdefault(path, []).append(name)
    groups = same_content(where)
    grouped = {path for group in groups for path in group}
    groups += [[path] for path, names in where.items() if len(names) > 1 and path not in grouped]
    for first, *others in groups:
        held = sorted({name for path in (first, *others) for name in where[path]})
        same = ", ".join(path.name for path in others) or "itself"
        if len(held) > 1:
            told = f"it is the same picture as {same}, and they are in {' and '.join(held)}: a leak between splits"
            yield Problem(first, told, "keep it in one split only, else the score is too good")
        else:
            yield warning(first, f"it is the same picture as {same}", "keep one of them")


def _classes(folder: Path, splits: Mapping[str, Dataset]) -> Iterator[Problem]:
    counts = {name: counted(part) for name, part in splits.items()}
    total = np.sum(list(counts.values()), axis=0)
    labels = next(iter(splits.values())).labels
    if not total.sum():
        yield Problem(folder, "no picture has a box", "label what is to be found; nothing can be learnt from this")
    elif len(labels) == 1 and _whole(splits):
        yield Problem(folder, f"every picture is of one class, {labels[0]!r}", "add pictures of what it is not")
    elif len(labels) == 1:
        told = f"there is one class only, {labels[0]!r}: it is told from the background, and from nothing else"
        yield warning(folder, told, "fine, if that is what you want")
    never = [label for label, count in zip(labels, total.tolist(), strict=True) if total.sum() and not count]
    if never:
        told = f"{len(never)} of {len(labels)} classes have no box at all: {_some(never)}"
        yield warning(folder, told, "label some, or take the names off the list")


def _unseen(folder: Path, splits: Mapping[str, Dataset]) -> Iterator[Problem]:
    if "train" not in splits:
        return
    known = counted(splits["train"]) > 0
    for name in [name for name in splits if name != "train"]:
        part = splits[name]
        unseen = [part.labels[row] for row in np.flatnonzero((counted(part) > 0) & ~known).tolist()]
        if unseen:
            told = f"{name} has boxes of classes that train lacks: {_some(unseen)}"
            yield warning(folder, told, "they cannot be learnt: label some for train, or divide anew (data split)")


def counted(part: Dataset) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Boxes (C,) of each class."""
    labels = [np.zeros(0, np.int64), *(picture.label for picture in part.pictures)]
    return np.bincount(np.concatenate(labels), minlength=len(part.labels))


def _whole(splits: Mapping[str, Dataset]) -> bool:
    """Whether it is a set for classification: every box covers its picture."""
    boxes = [picture.box for part in splits.values() for picture in part.pictures]
    return all(box.shape == (1, 4) and box.tolist() == [[0, 0, 1, 1]] for box in boxes)


def _some(names: list[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
