"""Footage labelled by a teacher: every clip watched, cleaned, divided by time and written as one data set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edge.contracts.types import Mask
from trainer.adapt.cleaning import clean, select
from trainer.adapt.division import divide_clip
from trainer.adapt.footage import clips
from trainer.adapt.looks import Labelled
from trainer.adapt.notes import Notes
from trainer.adapt.settings import CleaningSettings, FootageSettings
from trainer.adapt.tally import Tally, tally
from trainer.adapt.watching import Seeing, Watched, watch
from trainer.adapt.writing import Kept, keep_pictures, write_set
from trainer.data.dataset import Dataset
from trainer.data.problem import Problem
from trainer.errors import TrainError

FEWEST_OBJECTS = (
    3  # of a label, over all clips; what was seen less often is more likely a mistake than a thing to learn
)
Moved = Callable[[str, float], None]  # told the clip's name and how far it is, seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with the footage."""

    labels: tuple[str, ...]  # of the teacher, "" in holes
    footage: FootageSettings
    cleaning: CleaningSettings
    notes: Notes  # of what the teacher saw


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One clip and its labels."""

    watched: Watched
    labelled: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """A data set made of footage, in parts `train` and `test`."""

    parts: dict[str, Dataset]
    tally: Tally
    problems: tuple[Problem, ...]
    cuts: tuple[str, ...]  # how each clip was divided, in words


def label_footage(folder: Path, out: Path, see: Seeing, plan: Plan, moved: Moved) -> Footage:
    """Label all clips of a folder and write the data set to `out`, for `trainer.data.opening.open_data` to read.

    Raises:
        TrainError: no clip can be read, nothing is found in any, or the disk is full.
        ModelError: the teacher failed.
    """
    scenes, problems = _watched(folder, see, plan, moved)
    scenes = _common(scenes, len(plan.labels))
    kept: list[Kept] = []
    cuts = []
    for scene in scenes:
        division = divide_clip(scene.labelled, plan.footage)
        kept += keep_pictures(scene.watched, scene.labelled, division, out, plan.footage)
        cuts.append(f"{scene.watched.clip.path.name}: {division.words()}")
    counts = tally([(scene.watched, scene.labelled) for scene in scenes])
    if not counts.labels:
        raise TrainError(
            f"the teacher is sure of nothing in {folder}: {counts.words()}; give footage that shows more, a stronger "
            "teacher, or a lower score at which it is trusted (--trusted)"
        )
    return Footage(write_set(kept, plan.labels, out), counts, tuple(problems), tuple(cuts))


def _watched(folder: Path, see: Seeing, plan: Plan, moved: Moved) -> tuple[list[Scene], list[Problem]]:
    """All clips that can be read, and what is wrong with the others."""
    scenes, problems = [], []
    for clip in clips(folder):

        def told(t_s: float, name: str = clip.path.name) -> None:
            moved(name, t_s)

        try:
            watched = plan.notes.read(clip)
            if watched is None:
                watched = watch(clip, see, plan.footage, told)
                plan.notes.write(watched)
        except TrainError as error:
            problems.append(Problem(clip.path, str(error), "it is left out"))
            continue
        scenes.append(Scene(watched, clean(watched.looks, watched.width / watched.height, plan.cleaning)))
    if not scenes:
        said = "; ".join(problem.what for problem in problems[:3])
        raise TrainError(f"none of the {len(problems)} clips in {folder} can be read: {said}")
    return scenes, problems


def _common(scenes: Sequence[Scene], labels: int) -> list[Scene]:
    """The same with labels of which there are hardly any objects made unsure."""
    objects = np.zeros(labels, np.int64)
    for scene in scenes:
        pairs = {pair for one in scene.labelled for pair in zip(one.track.tolist(), one.label.tolist(), strict=True)}
        np.add.at(objects, [label for _, label in pairs], 1)
    rare = objects < FEWEST_OBJECTS
    return [
        replace(scene, labelled=tuple(_doubted(one, rare[one.label]) for one in scene.labelled)) for scene in scenes
    ]


def _doubted(one: Labelled, rows: Mask) -> Labelled:
    """Some labels of a frame made unsure."""
    return replace(select(one, ~rows), unsure=np.concatenate([one.unsure, one.box[rows]]))
