"""On-line spherical clustering: leaders that move, merge and split. Deterministic, bounded, no labels.

A vector joins the centre that it is most like, or founds one (leader clustering, Hartigan, 1975, chapter 3); centres
are running means, as in on-line spherical k-means (Zhong, 2005). Likeness is the cosine after the running mean of
all vectors is taken away: vectors of one network share most of their direction, which says nothing about groups.
C centres, D numbers of a vector, S newest members kept of each centre.
"""

import numpy as np

from edge.contracts.types import F32, F64, I64
from edge.groups.settings import GroupSettings

KEPT = 16  # S
MEAN_MEMORY = 5000.0  # the common mean moves like that of so many newest vectors
SPLIT_EVERY = 8  # members between two looks at whether a centre is two
ROUNDS = 8  # of 2-means
LEAST_SHARE = 0.25  # of the kept members that the smaller half must have
NOBODY = -1


class Centres:
    """All centres with their ids, which are never used again."""

    def __init__(self, settings: GroupSettings, dimensions: int) -> None:
        self._settings = settings
        self.mean: F64 = np.zeros(dimensions)
        self.seen = 0.0
        self.ids: I64 = np.zeros(0, np.int64)
        self.centre: F64 = np.zeros((0, dimensions))
        self.count: F64 = np.zeros(0)  # members, of which older ones are forgotten only with the centre
        self.members: F32 = np.zeros((0, KEPT, dimensions), np.float32)  # newest first; only `count` of them count
        self.used: I64 = np.zeros(0, np.int64)  # the `moves` at which it last got a member
        self.moves = 0
        self.next_id = 1

    def __len__(self) -> int:
        return len(self.ids)

    def observe(self, vector: F32) -> None:
        """Move the common mean."""
        self.seen = min(self.seen + 1, MEAN_MEMORY)
        self.mean += (vector - self.mean) / self.seen

    def likeness(self, vector: F32) -> F64:
        """To each centre (C,), -1..1."""
        return _unit(self.centre - self.mean) @ _unit(vector - self.mean)

    def add(self, vector: F32, kept: frozenset[int]) -> tuple[int, dict[int, int]]:
        """Take in one vector; `observe` it before.

        Args:
            vector: (D,) of length 1.
            kept: ids of centres that must not be forgotten, merged away or split: people have named them.

        Returns:
            The id of its centre, and what became of other centres: for each that is gone or new, the one that it was
            merged into, was split from, or `NOBODY` where it was forgotten.
        """
        self.moves += 1
        likeness = self.likeness(vector)
        row = int(likeness.argmax()) if len(self) else NOBODY
        changed: dict[int, int] = {}
        if row < 0 or likeness[row] < self._settings.join:
            row, changed = self._found(vector, row, kept)
        else:
            self._join(row, vector)
        own = int(self.ids[row])
        changed |= self._merged(own, kept)
        own = changed.get(own, own)
        row = self._row(own)
        if own not in kept and self.count[row] % SPLIT_EVERY == 0 and self.count[row] >= KEPT:
            changed |= self._split(row)
        return self._nearest(vector), changed

    def merge(self, target: int, source: int) -> None:
        """Make one centre of two, under the id of the first."""
        into, gone = self._row(target), self._row(source)
        weight = self.count[[into, gone]]
        self.centre[into] = (self.centre[[into, gone]] * weight[:, None]).sum(axis=0) / weight.sum()
        both = [self.members[row, : int(min(self.count[row], KEPT))] for row in (into, gone)]
        mixed = np.concatenate([part[: KEPT // 2] for part in both] + [part[KEPT // 2 :] for part in both])[:KEPT]
        self.members[into, : len(mixed)] = mixed
        self.count[into] = weight.sum()
        self.used[into] = max(self.used[[into, gone]])
        self._drop(gone)

    def _nearest(self, vector: F32) -> int:
        return int(self.ids[int(self.likeness(vector).argmax())])

    def _row(self, centre: int) -> int:
        return int(np.flatnonzero(self.ids == centre)[0])

    def _found(self, vector: F32, nearest: int, kept: frozenset[int]) -> tuple[int, dict[int, int]]:
        """A new centre, in the place of the weakest where there are too many; all kept: the nearest must do."""
        changed: dict[int, int] = {}
        if len(self) >= self._settings.most:
            free = [row for row in range(len(self)) if int(self.ids[row]) not in kept]
            if not free:
                self._join(nearest, vector)
                return nearest, changed
            weakest = min(free, key=lambda row: (self.count[row], self.used[row]))
            changed[int(self.ids[weakest])] = NOBODY
            self._drop(weakest)
        return self._append(vector.astype(np.float64), vector[None], 1.0), changed

    def _append(self, centre: F64, members: F32, count: float) -> int:
        held: F32 = np.zeros((1, KEPT, centre.size), np.float32)
        held[0, : len(members)] = members[:KEPT]
        self.ids = np.append(self.ids, self.next_id)
        self.centre = np.concatenate([self.centre, centre[None]])
        self.count, self.used = np.append(self.count, count), np.append(self.used, self.moves)
        self.members = np.concatenate([self.members, held])
        self.next_id += 1
        return len(self) - 1

    def _join(self, row: int, vector: F32) -> None:
        self.count[row] += 1
        self.centre[row] += (vector - self.centre[row]) / min(self.count[row], self._settings.memory)
        self.members[row] = np.concatenate([vector[None], self.members[row, :-1]])
        self.used[row] = self.moves

    def _drop(self, row: int) -> None:
        for name in ("ids", "centre", "count", "members", "used"):
            setattr(self, name, np.delete(getattr(self, name), row, axis=0))

    def _merged(self, own: int, kept: frozenset[int]) -> dict[int, int]:
        """Merge a centre with the one most like it, where that is alike enough and at most one of them is kept."""
        row = self._row(own)
        likeness = _unit(self.centre - self.mean) @ _unit(self.centre[row] - self.mean)
        likeness[row] = -np.inf
        other = int(likeness.argmax())
        if len(self) < 2 or likeness[other] < self._settings.merge:
            return {}
        there = int(self.ids[other])
        if own in kept and there in kept:
            return {}
        older = min(own, there)
        target = own if own in kept else there if there in kept else older
        source = own + there - target
        self.merge(target, source)
        return {source: target}

    def _split(self, row: int) -> dict[int, int]:
        """Make two of a centre whose newest members fall into two unlike halves."""
        members = self.members[row]
        halves = two_means(_unit(members - self.mean))
        sizes = np.bincount(halves, minlength=2)
        if sizes.min() < LEAST_SHARE * len(members):
            return {}
        means = np.stack([members[halves == half].mean(axis=0, dtype=np.float64) for half in (0, 1)])
        apart = _unit(means - self.mean)
        if float(apart[0] @ apart[1]) >= self._settings.split:
            return {}
        small, large = int(sizes.argmin()), 1 - int(sizes.argmin())
        if small == large:
            small, large = 1, 0
        whole = self.count[row]
        new = self._append(means[small], members[halves == small], whole * sizes[small] / len(members))
        self.centre[row], self.count[row] = means[large], whole - self.count[new]
        rest = members[halves == large]
        self.members[row, : len(rest)] = rest
        self.count[[row, new]] = np.maximum(np.floor(self.count[[row, new]]), 1)
        return {int(self.ids[new]): int(self.ids[row])}


def two_means(unit: F64) -> I64:
    """Which of two halves (N,) each vector (N, D) of length 1 belongs to: spherical 2-means from the farthest pair."""
    likeness = unit @ unit.T
    first, second = np.unravel_index(int(likeness.argmin()), likeness.shape)
    centre = unit[[int(first), int(second)]]
    halves: I64 = np.zeros(len(unit), np.int64)
    for _ in range(ROUNDS):
        halves = (unit @ centre.T).argmax(axis=1).astype(np.int64)
        if halves.min() == halves.max():
            break
        centre = _unit(np.stack([unit[halves == half].mean(axis=0) for half in (0, 1)]))
    return halves


def _unit(vectors: F64) -> F64:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.maximum(length, 1e-9)
