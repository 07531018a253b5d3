"""A model's labels brought to those of a data set, by name."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.types import I64, Detections

FEW = 8  # names shown in an error


def label_map(model: Sequence[str], wanted: Sequence[str]) -> I64:
    """For each label of the model (M,) its row in the data set's labels, -1 where it has none.

    Raises:
        ModelError: not one name is common to both.
    """
    rows = {_plain(name): row for row, name in enumerate(wanted) if name}
    found = np.array([rows.get(_plain(name), -1) if name else -1 for name in model], np.int64)
    if not (found >= 0).any():
        raise ModelError(
            f"the model knows {_some(model)} and the data set is of {_some(wanted)}: no label in common; "
            "name the model's label file, or choose data of its kind"
        )
    return found


def relabel(found: Detections, rows: I64) -> Detections:
    """Detections with the data set's labels; those of labels that it does not have are dropped."""
    label = rows[found.label]
    kept = label >= 0
    return Detections(found.box[kept], found.score[kept], label[kept])


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")


def _some(names: Sequence[str]) -> str:
    known = [name for name in names if name]
    more = f" and {len(known) - FEW} more" if len(known) > FEW else ""
    return ", ".join(known[:FEW]) + more if known else "no labels"
