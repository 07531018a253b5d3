"""Cameras and sensors of this device that learn with one model: their samples, and which weights serve them."""

import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.stored import Stored
from edge.contracts.types import F32, ModelBundle
from edge.federated.reading import read_samples
from edge.learning.checkpoint import CheckpointError, read_checkpoint
from edge.learning.division import Part
from edge.learning.keeping import Age
from edge.learning.learnt import sizes
from edge.learning.sample import Batch, joined
from edge.learning.shelf import FILE
from edge.learning.standing import EXPORTED
from edge.learning.subject import SAMPLES

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """One of them, as it is on disk now."""

    folder: Path
    recent: Batch
    old: Batch
    held: Batch  # never learnt from, of late
    held_old: Batch  # never learnt from, and stands for what was before
    serving: F32  # (N,)


def subjects(learning: Path, bundle: ModelBundle, exported: F32) -> list[Subject]:
    """All that have samples for this model, by name.

    Args:
        learning: the daemon's folder.
        bundle: of the model.
        exported: (N,) weights in the model file.

    Raises:
        ModelError: nothing is known of how such a model learns.
    """
    found = []
    for path in sorted(learning.glob(f"*/{SAMPLES}")):
        try:
            samples = read_samples(path, bundle)
        except sqlite3.Error as error:
            _log.warning("%s cannot be read now: %s; it is left out of this round", path, error)
            continue
        if any(len(batch) for batch in samples.values()):
            found.append(_subject(path.parent, samples, serving(path.parent, bundle, exported)))
    return found


def serving(folder: Path, bundle: ModelBundle, exported: F32) -> F32:
    """What was learnt that serves a subject; the weights of the model file where no others can be used."""
    standing = Stored(folder / FILE).read()
    name = standing.get("serving", EXPORTED) if isinstance(standing, Mapping) else EXPORTED
    if not isinstance(name, str) or name == EXPORTED:
        return exported
    try:
        found = read_checkpoint(folder, name, bundle.sha256, bundle.head, max(sizes(bundle))).weights.weights
    except CheckpointError as error:
        _log.warning("%s", error)
        return exported
    return found if len(found) in sizes(bundle) else exported


def _subject(folder: Path, samples: Mapping[tuple[Part, Age], Batch], weights: F32) -> Subject:
    return Subject(
        folder,
        samples[Part.LEARN, Age.RECENT],
        samples[Part.LEARN, Age.OLD],
        samples[Part.JUDGE, Age.RECENT],
        samples[Part.JUDGE, Age.OLD],
        weights,
    )


def together(batches: list[Batch]) -> Batch:
    """The rows of all, of at least one."""
    whole = batches[0]
    for batch in batches[1:]:
        whole = joined(whole, batch)
    return whole
