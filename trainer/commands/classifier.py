"""`foresight-train classifier`: a folder of labelled pictures in, a model file that has proved itself out."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import (
    AcceptLoss,
    Batch,
    Budget,
    Computed,
    Descends,
    Devices,
    Kind,
    Learner,
    Out,
    Patience,
    Rate,
    Recipe,
    RunFolder,
    Seed,
    Steps,
    Trainable,
    Variant,
    Weights,
    Width,
    given,
)
from trainer.training.number import Precision


def classifier(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[
        Path, typer.Option(help="Pictures in folders of their class, or of labelled objects", show_default=False)
    ],
    out: Out = Path("model.tflite"),
    recipe: Recipe = None,
    run: RunFolder = None,
    steps: Steps = None,
    px: Annotated[int | None, typer.Option("--px", help="Side of the network's picture, 96 to 320 [picked]")] = None,
    width: Width = None,
    embedding: Annotated[int | None, typer.Option(help="Numbers in the vector of a picture [128]")] = None,
    batch: Batch = None,
    rate: Rate = None,
    weights: Weights = None,
    seed: Seed = None,
    devices: Devices = 0,
    precision: Computed = Precision.FLOAT32,
    patience: Patience = 0,
    variant: Variant = Kind.BEST,
    budget: Budget = 1.0,
    accept_loss: AcceptLoss = "",
    trainable: Trainable = False,
    optimizer: Descends = Learner.ADAM,
    spare: Annotated[int, typer.Option(help="With --trainable: classes that can be added", min=0, max=1024)] = 16,
) -> None:
    """Train a classifier, quantise it, and write it if it kept its accuracy; a report says what it is worth."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from edge.contracts.trainable import Optimizer  # noqa: PLC0415
    from trainer.classifier.making import make_classifier  # noqa: PLC0415
    from trainer.detector.making import Wish  # noqa: PLC0415
    from trainer.detector.training import Run  # noqa: PLC0415
    from trainer.releasing.terms import learning, terms  # noqa: PLC0415
    from trainer.trainable.settings import BACKBONES, TrainableSettings  # noqa: PLC0415

    asked = {
        "training.steps": steps,
        "network.input_px": px,
        "network.width": width,
        "network.embedding": embedding,
        "training.batch": batch,
        "training.rate": rate,
        "weights": weights,
        "training.seed": seed,
    }
    learns = learning(
        trainable, variant.value, BACKBONES, TrainableSettings(optimizer=Optimizer(optimizer.value), spare=spare)
    )
    make_classifier(
        Wish(data, recipe, given(asked), sys.argv),
        Run(run or Path("runs") / out.stem, out.stem, devices, precision, patience),
        replace(terms(out, variant.value, budget, accept_loss, data.name), learning=learns),
        Console(),
    )
