"""Samples of one subject as the daemon has them on disk, read while it goes on writing; nothing is changed here."""

import contextlib
import sqlite3
from pathlib import Path

from edge.contracts.types import ModelBundle
from edge.learning.division import Part
from edge.learning.keeping import Age
from edge.learning.sample import Batch, Sample, form_of, shapes_of, stacked
from edge.learning.samples_file import samples_in

WAIT_S = 5.0


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
                found = {(part, age): samples_in(db, shapes, part, age) for part, age in found}
    return {key: stacked(samples, shapes) for key, samples in found.items()}
