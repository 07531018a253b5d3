"""The one seam to training: a data set on disk in, a model file that passed the gate out.

TensorFlow is loaded when this file is imported; labelling and scoring do without it.
"""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from trainer.detector.making import Wish, make_detector
from trainer.detector.training import Run
from trainer.releasing.terms import terms
from trainer.settling import Value
from trainer.training.number import Precision


@dataclass(frozen=True, slots=True)
class StudentWish:
    """How the student is trained and on what terms it goes out."""

    recipe: Path | None
    options: dict[str, Value]  # by dotted key of the recipe
    command: list[str]
    variant: str
    budget_points: float
    accept_loss: str


def train_student(data: Path, run: Path, out: Path, wish: StudentWish, console: Console) -> None:
    """Train on the part `train` of a data set, and judge on its part `test`.

    Args:
        data: folder of the data set.
        run: folder of the training run; the same one goes on where it was cut off.
        out: the model file.
        wish: how.
        console: where it is told.

    Raises:
        TrainError, ConfigError, ModelError: in words; where the gate refuses, no file is written.
    """
    make_detector(
        Wish(data, wish.recipe, wish.options, wish.command),
        Run(run, out.stem, 0, Precision.FLOAT32, 0),
        terms(out, wish.variant, wish.budget_points, wish.accept_loss, "footage of the scene"),
        console,
    )
