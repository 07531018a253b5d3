"""A data set divided into parts, the same way every time and wherever it lies.

Pictures of the same content stay together: one that is trained on and scored on as well makes the score too good.
Every class keeps about its share in each part.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.contracts.types import F64
from trainer.data.alike import same_content
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError


def divide(dataset: Dataset, shares: Mapping[str, float], seed: int = 1) -> dict[str, Dataset]:
    """Divide a data set.

    Args:
        dataset: what is divided; the order of its pictures and the place where they lie do not matter.
        shares: of each part, by name; relative to their sum.
        seed: another one, another division.

    Returns:
        The parts by name, their pictures in the order of `dataset`. A part may be empty where pictures are few.

    Raises:
        TrainError: a share is negative or no number, or there is none.
    """
    share = np.array(list(shares.values()), np.float64)
    if not len(share) or not np.isfinite(share).all() or (share < 0).any() or share.sum() <= 0:
        raise TrainError(f"shares {dict(shares)} cannot be divided by; give a positive number for each part")
    chosen = _deal(dataset, _groups(dataset.pictures, seed), share / share.sum())
    return {name: dataset.take(np.flatnonzero(chosen == part).tolist()) for part, name in enumerate(shares)}


def _groups(pictures: Sequence[Picture], seed: int) -> list[list[int]]:
    """Rows that must stay together, in an order drawn by the seed."""
    first = {path: group[0] for group in same_content(one.path for one in pictures) for path in group}
    groups: dict[Path, list[int]] = {}
    for row, picture in enumerate(pictures):
        groups.setdefault(first.get(picture.path, picture.path), []).append(row)
    return sorted(groups.values(), key=lambda rows: min(_draw(pictures[row], seed) for row in rows))


def _draw(picture: Picture, seed: int) -> tuple[bytes, int, int, bytes]:
    """A place in the order that depends on the picture's name and boxes only."""
    told = f"{seed}:{picture.path.name}".encode()
    return hashlib.sha256(told).digest(), *picture.size, picture.box.tobytes() + picture.label.tobytes()


def _deal(dataset: Dataset, groups: Iterable[list[int]], share: F64) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """The part (P,) of each picture.

    Groups with rare classes are dealt first, each to the part that lacks most of what it holds.
    """
    held = _held(dataset)
    total = np.maximum(held.sum(axis=0), 1)
    rarity = (held > 0) / total
    ordered = sorted(groups, key=lambda rows: -float(rarity[rows, :-1].max(initial=0)))
    wanted = share[:, None] * held.sum(axis=0)
    chosen = np.zeros(len(dataset), np.int64)
    for rows in ordered:
        holds = held[rows].sum(axis=0)
        lacking = np.where(share > 0, (wanted * (holds / total) / total).sum(axis=1), -np.inf)
        part = int(lacking.argmax())
        chosen[rows] = part
        wanted[part] -= holds
    return chosen


def _held(dataset: Dataset) -> F64:
    """What each picture holds (P, C + 2): boxes of each class, nothing at all, and itself."""
    held = np.zeros((len(dataset), len(dataset.labels) + 2))
    for row, picture in enumerate(dataset.pictures):
        np.add.at(held[row], picture.label, 1)
        held[row, -2] = not len(picture.label)
    held[:, -1] = 1
    return held
