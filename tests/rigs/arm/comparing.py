"""Answers of two machines beside each other."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.contracts.types import F64
from tests.rigs.arm.outputs import LEARNT, About, Answers, Golden, Kind

# Of an output's length as a vector. float32 carries 6e-8, sums of thousands of products in another order some 100 of
# that; what steps of learning pile up on it, where Adam divides small differences by small numbers, is more.
FLOAT_TOLERANCE, LEARNT_TOLERANCE = 1e-5, 1e-4


@dataclass(frozen=True)
class Compared:
    """One model file on two machines."""

    name: str
    kind: Kind
    learns: bool
    delegates: tuple[int, int]
    equal: bool  # bit for bit, all of it
    apart: float  # the largest difference of two outputs: its length, as a share of the output's own
    learnt_apart: float  # the same of losses and weights that steps of learning left behind; 0 where none is learnt
    golden: Golden  # of the other machine
    steps: float  # the largest difference of two numbers: quantisation steps where outputs are whole numbers

    @property
    def good(self) -> bool:
        """What is promised of its kind, with the delegate at work as on the other machine."""
        near = self.apart <= FLOAT_TOLERANCE and self.learnt_apart <= LEARNT_TOLERANCE
        held = {Kind.INT8: self.equal, Kind.FLOAT: near, Kind.UINT8: True}
        same_delegates = self.delegates[0] == self.delegates[1] > 0
        return held[self.kind] and same_delegates and self.golden is not Golden.MISSED


def compared(ours: Path, theirs: Path) -> list[Compared]:
    """All models of two files that `outputs` wrote; the delegates of both, ours first."""
    about_a, a = read(ours)
    about_b, b = read(theirs)
    assert a.keys() == b.keys()
    both: dict[str, dict[str, tuple[Any, Any]]] = {name: {} for name in about_a}
    for key, values in a.items():
        name, which = key.split("/", 1)
        both[name][which] = values, b[key]
    return [_one(name, about, about_b[name], both[name]) for name, about in about_a.items()]


def read(path: Path) -> tuple[Mapping[str, About], Answers]:
    """What the files are, and their answers."""
    with np.load(path) as kept:
        told = json.loads(str(kept["about"]))
        about = {
            name: About(**{**one, "kind": Kind(one["kind"]), "golden": Golden(one["golden"])})
            for name, one in told.items()
        }
        return about, {name: kept[name] for name in kept.files if name != "about"}


def _one(name: str, ours: About, theirs: About, both: Mapping[str, tuple[Any, Any]]) -> Compared:
    equal = all(x.dtype == y.dtype and x.tobytes() == y.tobytes() for x, y in both.values())
    learnt = [pair for key, pair in both.items() if key.startswith(LEARNT)]
    answers = [pair for key, pair in both.items() if not key.startswith(LEARNT)]
    steps = float(np.max([np.max(np.abs(_wide(x) - _wide(y)), initial=0) for x, y in answers]))
    delegates = ours.delegates, theirs.delegates
    apart, learnt_apart = _apart(answers), _apart(learnt)
    return Compared(name, ours.kind, ours.learns, delegates, equal, apart, learnt_apart, theirs.golden, steps)


def _apart(both: Sequence[tuple[Any, Any]]) -> float:
    """No number where one of them has none."""
    shares = [_length(_wide(x) - _wide(y)) / max(_length(_wide(x)), 1e-9) for x, y in both]
    return float(np.max(shares, initial=0))


def _length(values: F64) -> float:
    return float(np.linalg.norm(values))


def _wide(values: Any) -> F64:
    return np.asarray(values, np.float64).reshape(-1)
