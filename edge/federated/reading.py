"""Samples of one subject as the daemon has them on disk, read while it goes on writing; nothing is changed here."""

import contextlib
import sqlite3
from pathlib import Path

from edge.contracts.types import ModelBundle
from edge.learning.division import Part
from edge.learning.packing import unpacked
from edge.learning.reservoir import Age
from edge.learning.sample import Batch, Sample, form_of, shapes_of, stacked

WAIT_S = 5.0
_ROWS = "SELECT begin_s, end_s, grp, kind, weight, body FROM samples WHERE part = ? AND age = ? ORDER BY seq"


def read_samples(path: Path, bundle: ModelBundle) -> dict[tuple[Part, Age], Batch]:
    """All samples for this model, by what they are for; none where the file is for another one, or is not there.

    Raises:
        ModelError: nothing is known of how such a model learns.
        sqlite3.Error: the file cannot be read now.
    """
    shapes = shapes_of(bundle)
    found = {(part, age): list[Sample]() for part in Part for age in Age}
    if path.exists():
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=WAIT_S)) as db:
            form = db.execute("SELECT form FROM meta").fetchone()
            if form is not None and form[0] == form_of(bundle):
                for (part, age), samples in found.items():
                    for begin_s, end_s, group, kind, weight, body in db.execute(_ROWS, (part, age)):
                        arrays = unpacked(body, shapes)
                        if arrays is not None:
                            samples.append(Sample(arrays, begin_s, end_s, group, kind, weight))
    return {key: stacked(samples, shapes) for key, samples in found.items()}
