"""Looks at things that nobody has named: a bounded sample of what comes by."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import F32

MEMORY = 8  # the sample is of about so many times its size of newest things


class Others:
    """A sample of lessons that nobody has given; each of what came by lately is as likely in it as any other.

    Args:
        most: looks.
        seed: of the draws.
    """

    def __init__(self, most: int, seed: int = 0) -> None:
        self._most = most
        self._random = np.random.default_rng(seed)
        self.lesson: list[str] = []
        self.vector: list[F32] = []
        self.seen = 0

    def __len__(self) -> int:
        return len(self.lesson)

    def add(self, lesson: str, vector: F32) -> None:
        """One look (D,) more."""
        self.seen += 1
        if len(self) < self._most:
            self.lesson.append(lesson)
            self.vector.append(vector)
            return
        place = int(self._random.integers(min(self.seen, MEMORY * self._most)))
        if place < self._most:
            self.lesson[place], self.vector[place] = lesson, vector

    def drop(self, lesson: str) -> None:
        """It has a name now."""
        keep = [row for row, one in enumerate(self.lesson) if one != lesson]
        self.lesson, self.vector = [self.lesson[row] for row in keep], [self.vector[row] for row in keep]

    def restore(self, lessons: Sequence[str], vectors: F32, seen: int) -> None:
        """Go on with these (M, D), the newest of them where there are too many."""
        self.lesson, self.vector, self.seen = list(lessons)[-self._most :], list(vectors)[-self._most :], seen

    def array(self, dimensions: int) -> F32:
        """(M, D) of them; D is as given where there are none."""
        return np.stack(self.vector).astype(np.float32) if self.vector else np.zeros((0, dimensions), np.float32)
