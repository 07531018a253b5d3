"""`foresight-train detector`: a folder of labelled pictures in, a model file that has proved itself out."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import AcceptLoss, Budget, Kind, Variant

Steps = Annotated[int | None, typer.Option(help="Batches to learn from [picked to suit the data]", min=1)]
Side = Annotated[int | None, typer.Option("--px", help="Side of the network's picture, 192 to 640 [picked]")]
Width = Annotated[float | None, typer.Option(help="Multiplier of the backbone's channels, .25 to 1 [.35]")]
Weights = Annotated[str | None, typer.Option(help="Of the backbone: a file (.h5, .npz), imagenet = download, none")]


class Precision(StrEnum):
    """In which layers compute while they learn."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


def detector(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[
        Path, typer.Option(help="Labelled pictures: COCO JSON, YOLO, Pascal VOC or csv", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="The model file to write")] = Path("model.tflite"),
    recipe: Annotated[Path | None, typer.Option(help="A YAML file of settings")] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the run; the same one goes on [runs/NAME]")] = None,
    steps: Steps = None,
    px: Side = None,
    width: Width = None,
    batch: Annotated[int | None, typer.Option(help="Pictures in a batch [16]", min=1)] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate at its highest [.002]")] = None,
    weights: Weights = None,
    seed: Annotated[int | None, typer.Option(help="Of all chance [1]", min=0)] = None,
    devices: Annotated[int, typer.Option(help="Devices to share batches out to; 0 = all GPUs", min=0)] = 0,
    precision: Annotated[Precision, typer.Option(help="In which layers compute")] = Precision.FLOAT32,
    patience: Annotated[int, typer.Option(help="Validations without gain until it stops; 0 = never", min=0)] = 0,
    variant: Variant = Kind.BEST,
    budget: Budget = 1.0,
    accept_loss: AcceptLoss = "",
) -> None:
    """Train a detector, quantise it, and write it if it kept its accuracy; a report says what it is worth."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from trainer.detector.making import Wish, make_detector  # noqa: PLC0415
    from trainer.detector.training import Run  # noqa: PLC0415
    from trainer.releasing import terms  # noqa: PLC0415
    from trainer.training.precision import Precision as Computed  # noqa: PLC0415

    asked = {
        "training.steps": steps,
        "network.input_px": px,
        "network.width": width,
        "training.batch": batch,
        "training.rate": rate,
        "weights": weights,
        "training.seed": seed,
    }
    options = {key: value for key, value in asked.items() if value is not None}
    folder = run or Path("runs") / out.stem
    make_detector(
        Wish(data, recipe, options, sys.argv),
        Run(folder, out.stem, devices, Computed(precision), patience),
        terms(out, variant.value, budget, accept_loss, data.name),
        Console(),
    )
