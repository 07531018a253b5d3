"""What a teacher finds of the labels that are wanted."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import U8, Detections
from trainer.adapt.teacher import Teacher
from trainer.adapt.watching import Seeing
from trainer.errors import TrainError


def seeing(teacher: Teacher, wanted: Sequence[str]) -> Seeing:
    """The teacher, silent on all other labels; none wanted = all that it knows.

    Raises:
        TrainError: it does not know one of them.
    """
    unknown = [name for name in wanted if name not in teacher.labels]
    if unknown:
        known = ", ".join(name for name in teacher.labels if name)
        raise TrainError(f"{teacher.path} does not know {', '.join(unknown)}; it knows {known}")
    told = np.array([name in wanted if wanted else bool(name) for name in teacher.labels], bool)

    def see(pixels: U8) -> Detections:
        found = teacher.look(pixels)
        return found[told[found.label]]

    return see
