"""A detector from labelled pictures: everything between the settings and the trained network on disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from edge.contracts.manifest import Task
from trainer.data.dataset import Dataset
from trainer.data.order import Order
from trainer.data.pixels import Pixels
from trainer.detector.architecture import Architecture, Grid, grid
from trainer.detector.batches import DetectorBatches, Plan
from trainer.detector.detecting import Finder, normalised
from trainer.detector.loss import loss
from trainer.detector.network import detector
from trainer.detector.settings import DetectorRecipe
from trainer.evaluate.coco import evaluate_coco
from trainer.inheriting import inherit
from trainer.networks import save_network
from trainer.trained import Trained, is_run
from trainer.training.devices import Devices
from trainer.training.loop import Batch, LossOf, Progress, Result, Trainer
from trainer.training.number import Precision
from trainer.training.precision import computed_in

VALIDATIONS = 10  # over the whole training


@dataclass(frozen=True, slots=True)
class Run:
    """Where, on what and until when is trained."""

    folder: Path
    name: str
    devices: int  # 0 = all GPUs there are
    precision: Precision
    patience: int  # validations without a better score before it stops; 0 = it goes to the end

    @property
    def how(self) -> dict[str, str]:
        """What has a say in the result; how many devices there are has one in its last digits only."""
        return {"precision": self.precision.value, "patience": str(self.patience)}


def train_detector(
    recipe: DetectorRecipe, train: Dataset, validation: Dataset | None, run: Run, progress: Progress
) -> tuple[Trained, Result]:
    """Train, or go on where an earlier run of the same folder stopped, and write the network.

    Args:
        recipe: all settings.
        train: pictures to learn from, all readable.
        validation: pictures to choose the best weights by; None = the last weights are the result.
        run: where and on what.
        progress: told the losses every few steps.

    Raises:
        TrainError: the weights do not fit, the loss is no number any more, the disk is full, ...
    """
    keras.utils.set_random_seed(recipe.training.seed)
    architecture = recipe.network.architecture(len(train.labels))
    cells = grid(architecture)
    devices = Devices.present(run.devices)
    with computed_in(run.precision), devices.scope():
        model = detector(architecture, recipe.weights, frozen=recipe.network.frozen)
        if is_run(recipe.weights):
            inherit(model, Path(recipe.weights), train.labels)
        every = max(1, recipe.training.steps // VALIDATIONS) if validation else 0
        trainer = Trainer(
            model,
            loss_of(cells, recipe.training.label_smoothing),
            recipe.training.schedule(every, run.patience if validation else 0),
            run.folder,
            devices=devices,
            score_of=_score_of(architecture, cells, validation) if validation else None,
        )
    result = trainer.run(batches(recipe, train), progress)
    plain = detector(architecture)  # computes in float32, whatever training did
    plain.set_weights(model.get_weights())
    trained = Trained(run.folder, Task.DETECTOR, run.name, train.labels, architecture.input_px, fake_quantised=False)
    save_network(plain, trained)
    return trained, result


def batches(recipe: DetectorRecipe, train: Dataset) -> DetectorBatches:
    """What each step learns from."""
    settings, change = recipe.training, recipe.augmentation
    plan = Plan(
        size=recipe.network.input_px,
        batch=settings.batch,
        change=change.change(),
        calm_from=round(settings.steps * (1 - change.calm_share)),
        seed=settings.seed,
    )
    pixels = Pixels(recipe.network.input_px)
    return DetectorBatches(train, pixels, Order(train, settings.seed, settings.rare), plan)


def loss_of(cells: Grid, smoothing: float) -> LossOf:
    """What is to become small, of a model and a batch of `DetectorBatches`."""

    def losses(model: Any, batch: Batch) -> dict[str, Any]:
        pictures, truth, label = batch
        outputs = model(normalised(pictures), training=True)
        parts = loss(outputs["boxes"], outputs["logits"], truth, label, cells, smoothing=smoothing)
        return {"total": parts.total, "scores": parts.scores, "boxes": parts.boxes}

    return losses


def _score_of(architecture: Architecture, cells: Grid, validation: Dataset) -> Callable[[Any], float]:
    """AP50 on pictures that are not learnt from."""
    finder = Finder(architecture.input_px, cells)
    return lambda model: evaluate_coco(validation, finder.find(model, validation)).scores.ap50
