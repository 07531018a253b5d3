"""Which part of a data set a file or folder name means: train2017, valid, test_labels, ..."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from trainer.data.raw import ALL

NAMES = {
    "train": "train",
    "training": "train",
    "trainval": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_WORD = re.compile(r"[a-z]+")
T = TypeVar("T")


def split_of(*names: str) -> str:
    """train, val or test where one of the names has such a word in it (the last name counts first), else all."""
    for name in reversed(names):
        for word in _WORD.findall(name.lower()):
            if word in NAMES:
                return NAMES[word]
    return ALL


def settled(splits: Mapping[str, Sequence[T]]) -> dict[str, list[T]]:
    """The splits that hold something; a single one of whatever name is the whole, `all`.

    What stands in no split, where others do, belongs to training.
    """
    filled = {name: list(rows) for name, rows in splits.items() if rows}
    if len(filled) <= 1:
        return dict.fromkeys(filled and [ALL], next(iter(filled.values()), []))
    loose = filled.pop(ALL, [])
    if loose:
        filled["train"] = filled.get("train", []) + loose
    return {name: filled[name] for name in ("train", "val", "test") if name in filled}
