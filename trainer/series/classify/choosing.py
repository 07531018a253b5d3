"""Settings of a classifier of windows that suit the data, and why: picked where nothing else is said."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer.series.classify.recordings import Recordings
from trainer.series.classify.settings import ClassifyRecipe, ClassifyTraining, ClassifyWindow

COVERED = 95  # percent of the sounds that are no longer than a window
LENGTHS_S = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
LONGEST_VALUES = 256  # samples of a window of values
STEPS = {True: 1500, False: 400}  # of sounds, and of values
MIXING = {True: 0.3, False: 0.0}  # likewise


@dataclass(frozen=True, slots=True)
class Choice:
    """Settings, and by dotted key why they were picked."""

    recipe: ClassifyRecipe
    reasons: Mapping[str, str]


def choose(train: Recordings) -> Choice:
    """Settings for learning from these recordings."""
    lengths = np.array([len(row.values) for row in train.rows]) / train.rate_hz
    if train.sounds:
        usual = float(np.percentile(lengths, COVERED))
        seconds = next((one for one in LENGTHS_S if one >= usual), LENGTHS_S[-1])
        reason = f"windows of {seconds:g} s: {COVERED} % of the sounds are no longer than {usual:.2f} s"
    else:
        shortest = float(lengths.min())
        seconds = min(shortest, LONGEST_VALUES / train.rate_hz)
        reason = f"windows of {seconds:g} s: the shortest recording lasts {shortest:g} s"
    steps, mixing = STEPS[train.sounds], MIXING[train.sounds]
    recipe = ClassifyRecipe(
        window=ClassifyWindow(seconds=seconds), training=ClassifyTraining(steps=steps), mixing=mixing
    )
    kind = "sounds" if train.sounds else "values"
    reasons = {"window.seconds": reason, "training.steps": f"{steps} batches, the usual for {kind}"}
    if mixing:
        reasons["mixing"] = f"windows laid over each other, parameter {mixing:g}: the usual for {kind}"
    return Choice(recipe, reasons)
