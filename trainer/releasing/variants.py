"""The files that one network can become, and the one that the figures speak for."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from trainer.data.dataset import Dataset
from trainer.export.convert import convert
from trainer.export.variant import Variant
from trainer.quantise.choosing import FLOAT32, INT8, QAT, choose, lost_points
from trainer.quantise.measuring import measure
from trainer.quantise.table import show_variants
from trainer.quantise.yardsticks import Yardstick
from trainer.releasing.terms import Terms
from trainer.trainable.convert import convert_learning_classifier
from trainer.trainable.settings import TrainableSettings
from trainer.trained import Trained

MODELS, LEARNS = "models", "trainable"
Tune = Callable[[], Trained]  # the network once more, trained with the rounding of int8 in it
_R = TypeVar("_R")


class Variants:
    """Converts a network in every way, scores the files, and chooses one.

    Args:
        trained: the network.
        used: the training pictures, of which some measure the ranges of int8.
        tune: asked for where int8 loses too much.
        console: told what is done.
    """

    def __init__(self, trained: Trained, used: Sequence[Path], tune: Tune, console: Console) -> None:
        self._trained, self._used, self._tune, self._console = trained, used, tune, console

    def reference(self) -> Path:
        """The float32 file, which the others are compared with."""
        return self.of(Variant.FLOAT32)

    def of(self, variant: Variant) -> Path:
        """The network as that file."""
        used = self._used if variant is Variant.INT8 else ()
        return converted(self._trained, variant, used, self._console)

    def learning(self, settings: TrainableSettings, variant: Variant | None) -> Path:
        """The network as a file that goes on learning where it runs, on a backbone of int8 or as it is."""
        whole = variant is Variant.FLOAT32
        path = self._trained.folder / MODELS / (f"{LEARNS}_{FLOAT32}.tflite" if whole else f"{LEARNS}.tflite")
        used = () if whole else self._used
        with self._console.status("converting to a model that learns"):
            convert_learning_classifier(self._trained, settings, used, path)
        return path

    def best(self, reference: Path, scored: Dataset, on: Terms, yardstick: Yardstick[_R]) -> Path:
        """The file that the figures speak for; all of them are shown.

        Args:
            reference: the float32 file.
            scored: labelled pictures, none of them learnt from.
            on: what may be lost.
            yardstick: what is measured.
        """
        files = {FLOAT32: reference}
        files |= {one.value: self.of(one) for one in (Variant.FLOAT16, Variant.DYNAMIC, Variant.INT8)}
        with self._console.status("measuring") as status:
            rows = measure(files, scored, status.update, yardstick)
        plain, whole = (next(row for row in rows if row.variant == name) for name in (FLOAT32, INT8))
        if not lost_points(whole, plain) <= on.budget_points:  # NaN too
            self._console.print("int8 loses too much: the network learns to live with its rounding", highlight=False)
            files[QAT] = converted(self._tune(), Variant.INT8, (), self._console, QAT)
            with self._console.status("measuring") as status:
                rows = measure(files, scored, status.update, yardstick)
        choice = choose(rows, on.budget_points, yardstick.names[1])
        show_variants(rows, choice, self._console, yardstick.names)
        return files[choice.row.variant]


def converted(
    trained: Trained, variant: Variant, calibration: Sequence[Path], console: Console, name: str = ""
) -> Path:
    """The network as a file in the run's folder, of that name or the variant's."""
    path = trained.folder / MODELS / f"{name or variant.value}.tflite"
    with console.status(f"converting to {variant.value}"):
        done = convert(trained, variant, calibration, path)
    for warning in done.warnings:
        console.print(warning, style="yellow", markup=False)
    return path
