"""Options that several commands have."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trainer.training.number import Precision


class Kind(StrEnum):
    """How the numbers of a model file are written."""

    BEST = "best"  # the smallest that keeps its accuracy
    INT8 = "int8"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    FLOAT32 = "float32"


class Learner(StrEnum):
    """What makes the steps where a model goes on learning: `edge.contracts.trainable.Optimizer`."""

    ADAM = "adam"
    SGD = "sgd"


Variant = Annotated[Kind, typer.Option("--variant", help="How its numbers are written; best = compare them all")]
Budget = Annotated[
    float,
    typer.Option("--budget", help="Points of mAP, of a classifier of accuracy, that int8 may cost", min=0.0, max=100.0),
]
AcceptLoss = Annotated[
    str, typer.Option("--accept-loss", help="Write a model that lost more; the reason is packed in it")
]

Trainable = Annotated[
    bool, typer.Option("--trainable", help="Write a model that goes on learning where it runs; its numbers are float32")
]
Descends = Annotated[Learner, typer.Option("--optimizer", help="With --trainable: what learns on the device")]
Out = Annotated[Path, typer.Option("--out", help="The model file to write")]
Recipe = Annotated[Path | None, typer.Option("--recipe", help="A YAML file of settings")]
RunFolder = Annotated[Path | None, typer.Option("--run", help="Folder of the run; the same one goes on [runs/NAME]")]
Steps = Annotated[int | None, typer.Option("--steps", help="Batches to learn from [picked to suit the data]", min=1)]
Batch = Annotated[int | None, typer.Option("--batch", help="Samples in a batch [picked]", min=1)]
Rate = Annotated[float | None, typer.Option("--rate", help="Learning rate at its highest [picked]")]
Seed = Annotated[int | None, typer.Option("--seed", help="Of all chance [1]", min=0)]
Width = Annotated[float | None, typer.Option("--width", help="Multiplier of the backbone's channels, .25 to 1 [.35]")]
Weights = Annotated[
    str | None,
    typer.Option(
        "--weights", help="Of the backbone: a file (.h5, .npz), imagenet = download; of all: folder of a run; none"
    ),
]
Side = Annotated[int | None, typer.Option("--px", help="Side of the network's picture, 192 to 640 [picked]")]
Devices = Annotated[int, typer.Option("--devices", help="Devices to share batches out to; 0 = all GPUs", min=0)]
Computed = Annotated[Precision, typer.Option("--precision", help="In which layers compute")]
Patience = Annotated[int, typer.Option("--patience", help="Validations without gain until it stops; 0 = never", min=0)]


def given(asked: Mapping[str, str | float | None]) -> dict[str, str | int | float]:
    """The settings that were asked for, by key: options that were left out are not among them."""
    return {key: value for key, value in asked.items() if value is not None}
