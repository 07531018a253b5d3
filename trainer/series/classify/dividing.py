"""Divides recordings: those of one group stay together, for a speaker that was learnt from proves nothing."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from trainer.errors import TrainError
from trainer.series.classify.recordings import ALL, Recordings

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SHARES: Mapping[str, float] = {TRAIN: 0.64, VALIDATION: 0.16, TEST: 0.2}


def divided(recordings: Recordings, seed: int = 1) -> dict[str, Recordings]:
    """The parts by name. Parts that the data set names stay; what is missing is taken of training, by groups.

    Raises:
        TrainError: a group or a recording is in several parts, a part would be empty, or a class is not in training.
    """
    parts = {name: recordings.part(name) for name in SHARES}
    loose = recordings.part(ALL)
    if len(loose):
        named = {name: len(part) for name, part in parts.items() if len(part)}
        wanted = {name: share for name, share in SHARES.items() if name == TRAIN or name not in named}
        for name, more in _dealt(loose, wanted, seed).items():
            parts[name] = _joined(parts[name], more)
    for name in (TEST, VALIDATION):
        if not len(parts[name]):
            rest = _dealt(parts[TRAIN], {TRAIN: SHARES[TRAIN], name: SHARES[name]}, seed)
            parts[TRAIN], parts[name] = rest[TRAIN], rest[name]
    _check(parts)
    return parts


def _joined(one: Recordings, other: Recordings) -> Recordings:
    return Recordings(one.labels, one.channels, one.rate_hz, (*one.rows, *other.rows))


def _dealt(recordings: Recordings, shares: Mapping[str, float], seed: int) -> dict[str, Recordings]:
    """Each group to the part that lacks most of its classes; the largest groups first, in an order of the seed."""
    groups: dict[str, list[int]] = {}
    for index, row in enumerate(recordings.rows):
        groups.setdefault(row.group, []).append(index)
    names, classes = list(shares), len(recordings.labels)
    share = np.array([shares[name] for name in names]) / sum(shares.values())
    label = recordings.label
    lacking = share[:, None] * np.bincount(label, minlength=classes)
    order = sorted(groups, key=lambda name: (-len(groups[name]), hashlib.sha256(f"{seed}:{name}".encode()).digest()))
    chosen = np.zeros(len(recordings), np.int64)
    for name in order:
        held = np.bincount(label[groups[name]], minlength=classes)
        part = int(((lacking * held).sum(axis=1) / share).argmax())
        chosen[groups[name]] = part
        lacking[part] -= held
    return {name: recordings.take(np.flatnonzero(chosen == part).tolist()) for part, name in enumerate(names)}


def _check(parts: Mapping[str, Recordings]) -> None:
    for name, part in parts.items():
        if not len(part):
            raise TrainError(
                f"no recordings are left for {name}: there are too few groups; record more speakers or sessions, or "
                "name groups more finely (--names)"
            )
    seen: dict[str, str] = {}
    for name, part in parts.items():
        for group in {row.group for row in part.rows}:
            if seen.setdefault(group, name) != name:
                raise TrainError(f"the group {group} is in {seen[group]} and in {name}; put it wholly into one of them")
    _refuse_twins(parts)
    missing = set(range(len(parts[TRAIN].labels))) - set(parts[TRAIN].label.tolist())
    if missing:
        names = ", ".join(parts[TRAIN].labels[index] for index in sorted(missing))
        raise TrainError(f"training has no recording of {names}; give more groups of it, or leave the class out")


def _refuse_twins(parts: Mapping[str, Recordings]) -> None:
    """A copy of what was learnt from proves nothing either, whatever its name; two silences are no copies."""
    seen: dict[bytes, tuple[str, Path]] = {}
    for name, part in parts.items():
        for row in (one for one in part.rows if np.ptp(one.values, axis=0).any()):
            where, path = seen.setdefault(hashlib.sha256(row.values.tobytes()).digest(), (name, row.path))
            if where != name:
                raise TrainError(
                    f"{row.path} ({name}) and {path} ({where}) hold the same recording; take one of them out, or give "
                    "them one group (--names)"
                )
