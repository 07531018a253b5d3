"""`foresight-train series classify`: recordings with a class each in, a classifier that has proved itself out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import Kind, Out, Recipe, RunFolder, Seed, Variant, given


def classify(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[Path, typer.Option(help="Folder of wav or CSV files in folders of their class, or .ts files")],
    out: Out = Path("model.tflite"),
    names: Annotated[
        str, typer.Option(help="How files are named; groups are never divided [{label}_{group}_{number}]")
    ] = "",
    channels: Annotated[str, typer.Option(help="Columns of CSV files, by comma [all numbers]")] = "",
    rate: Annotated[
        float, typer.Option(help="Samples per second that the model takes [those of the files]", min=0.0, max=1e6)
    ] = 0.0,
    seconds: Annotated[float | None, typer.Option(help="Length of a window [picked]")] = None,
    recipe: Recipe = None,
    run: RunFolder = None,
    steps: Annotated[int | None, typer.Option(help="Batches that are learnt from [picked]", min=1)] = None,
    width: Annotated[int | None, typer.Option(help="Channels of the first convolution [16]")] = None,
    units: Annotated[int | None, typer.Option(help="Size of the recurrent state [32]")] = None,
    seed: Seed = None,
    variant: Variant = Kind.BEST,
    budget: Annotated[float, typer.Option(help="Points of accuracy that the file may lose", min=0.0)] = 1.0,
    accept_loss: Annotated[str, typer.Option(help="Write a model that lost more; the reason is packed in it")] = "",
) -> None:
    """Train a classifier of windows, write it if it kept its accuracy and beats guessing; a report says more."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from trainer.commands.series_options import words  # noqa: PLC0415
    from trainer.detector.training import Run  # noqa: PLC0415
    from trainer.export.variant import Variant as Written  # noqa: PLC0415
    from trainer.series.classify.folders import Asked  # noqa: PLC0415
    from trainer.series.classify.making import ClassifyWish, make_classifier  # noqa: PLC0415
    from trainer.series.classify.naming import parse_naming  # noqa: PLC0415
    from trainer.series.releasing import SeriesTerms  # noqa: PLC0415
    from trainer.training.number import Precision  # noqa: PLC0415

    options = given(
        {
            "window.seconds": seconds,
            "training.steps": steps,
            "network.width": width,
            "network.units": units,
            "training.seed": seed,
        }
    )
    asked = Asked(parse_naming(names) if names else None, rate, words(channels))
    make_classifier(
        ClassifyWish(data, asked, recipe, options, sys.argv),
        Run(run or Path("runs") / out.stem, out.stem, 1, Precision.FLOAT32, 0),
        SeriesTerms(out, None if variant is Kind.BEST else Written(variant.value), budget, accept_loss),
        Console(),
    )
