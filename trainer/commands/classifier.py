"""`foresight-train classifier`: a folder of labelled pictures in, a model file that has proved itself out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.detector import Precision, Steps, Weights, Width
from trainer.commands.options import AcceptLoss, Budget, Kind, Variant


def classifier(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[
        Path, typer.Option(help="Pictures in folders of their class, or of labelled objects", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="The model file to write")] = Path("model.tflite"),
    recipe: Annotated[Path | None, typer.Option(help="A YAML file of settings")] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run; the same one goes on [runs/NAME]")] = None,
    steps: Steps = None,
    px: Annotated[int | None, typer.Option("--px", help="Side of the network's picture, 96 to 320 [picked]")] = None,
    width: Width = None,
    embedding: Annotated[int | None, typer.Option(help="Numbers in the vector of a picture [128]")] = None,
    batch: Annotated[int | None, typer.Option(help="Pictures in a batch [32]", min=1)] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate at its highest [.001]")] = None,
    weights: Weights = None,
    seed: Annotated[int | None, typer.Option(help="Of all chance [1]", min=0)] = None,
    devices: Annotated[int, typer.Option(help="Devices to share batches out to; 0 = all GPUs", min=0)] = 0,
    precision: Annotated[Precision, typer.Option(help="In which layers compute")] = Precision.FLOAT32,
    patience: Annotated[int, typer.Option(help="Validations without gain until it stops; 0 = never", min=0)] = 0,
    variant: Variant = Kind.BEST,
    budget: Budget = 1.0,
    accept_loss: AcceptLoss = "",
) -> None:
    """Train a classifier, quantise it, and write it if it kept its accuracy; a report says what it is worth."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from trainer.classifier.making import make_classifier  # noqa: PLC0415
    from trainer.detector.making import Wish  # noqa: PLC0415
    from trainer.detector.training import Run  # noqa: PLC0415
    from trainer.releasing import terms  # noqa: PLC0415
    from trainer.training.precision import Precision as Computed  # noqa: PLC0415

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
    options = {key: value for key, value in asked.items() if value is not None}
    make_classifier(
        Wish(data, recipe, options, sys.argv),
        Run(run or Path("runs") / out.stem, out.stem, devices, Computed(precision), patience),
        terms(out, variant.value, budget, accept_loss, data.name),
        Console(),
    )
