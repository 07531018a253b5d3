"""Models on frames held out by time: how far they agree with the teacher's cleaned labels, and how right they are.

Agreement is no truth: where the teacher errs, a student that errs alike is praised. True scores need labels of a
person, or of a rendered scene. What lies on areas that the teacher is unsure of counts neither for nor against a model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.contracts.boxes import area, intersection, iou
from edge.contracts.types import F32, Detections, Mask, ModelBundle
from trainer.data.dataset import Dataset, Picture
from trainer.evaluate.evaluation import evaluate
from trainer.evaluate.running import run_model
from trainer.report.contents import Scored

INSIDE = 0.5  # a finding of which this share lies on one unsure area is not counted
LABELLED = 0.5  # IoU: unless it is on a label
NOWHERE: F32 = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class Examinee:
    """A model and what it is called in the report."""

    name: str
    bundle: ModelBundle


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """One model and its scores."""

    name: str
    scored: Scored


def mark(
    models: Sequence[Examinee], held_out: Dataset, unsure: Mapping[Path, F32], *, threads: int = 2
) -> tuple[Marked, ...]:
    """Score models on the same pictures.

    Args:
        models: detectors; their labels are brought to those of the data by name.
        held_out: pictures and the labels to agree with.
        unsure: areas (M, 4) of each picture that are not counted; none = everything counts.
        threads: CPU threads.

    Raises:
        ModelError: a model cannot be run, or shares no label with the data.
    """
    marked = []
    for one in models:
        run = run_model(one.bundle, held_out, threads=threads)
        pairs = zip(run.dataset.pictures, run.found, strict=True)
        found = tuple(counted(picture, seen, unsure.get(picture.path, NOWHERE)) for picture, seen in pairs)
        run = replace(run, found=found)
        marked.append(Marked(one.name, Scored(run, evaluate(run.dataset, found))))
    return tuple(marked)


def counted(picture: Picture, found: Detections, unsure: F32) -> Detections:
    """The findings that count: those on a label, and those off the unsure areas (M, 4)."""
    share = intersection(found.box, unsure) / np.maximum(area(found.box), np.float32(1e-9))[:, None]
    doubtful: Mask = share.max(axis=1, initial=0) >= INSIDE
    same = iou(found.box, picture.box) * (found.label[:, None] == picture.label[None, :])
    return found[~doubtful | (same.max(axis=1, initial=0) >= LABELLED)]


def with_truth(held_out: Dataset, truth: Dataset) -> Dataset:
    """The held-out pictures with the labels that a person gave the pictures of the same name; others are left out."""
    known = {picture.path.name: picture for picture in truth.pictures}
    pictures = [picture for picture in held_out.pictures if picture.path.name in known]
    named = [replace(known[picture.path.name], path=picture.path) for picture in pictures]
    return Dataset(truth.labels, tuple(named))
