"""`foresight-train series forecast`: a table of readings in, a forecaster that has proved itself out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import Descends, Kind, Learner, Out, Recipe, RunFolder, Seed, Trainable, Variant, given


def forecast(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[Path, typer.Option(help="Readings: a CSV or Parquet file, or a folder of them")],
    out: Out = Path("model.tflite"),
    time: Annotated[str, typer.Option(help="Column of times [found]")] = "",
    channels: Annotated[str, typer.Option(help="Columns to forecast, by comma [all numbers]")] = "",
    horizons_s: Annotated[str, typer.Option(help="How far ahead, seconds, by comma [picked]")] = "",
    step_s: Annotated[float | None, typer.Option(help="Grid of the readings, seconds [as they mostly come]")] = None,
    samples: Annotated[int | None, typer.Option(help="How far back it sees, steps [picked]")] = None,
    recipe: Recipe = None,
    run: RunFolder = None,
    steps: Annotated[int | None, typer.Option(help="Batches that are learnt from [1500]", min=1)] = None,
    cell: Annotated[str | None, typer.Option(help="gru or lstm [gru]")] = None,
    units: Annotated[int | None, typer.Option(help="Size of the recurrent state [32]")] = None,
    seed: Seed = None,
    variant: Variant = Kind.BEST,
    budget: Annotated[float, typer.Option(help="Percent by which the file's error may be larger", min=0.0)] = 2.0,
    accept_loss: Annotated[
        str, typer.Option(help="Write a model that failed the gate's measures; the reason is packed in it")
    ] = "",
    trainable: Trainable = False,
    optimizer: Descends = Learner.ADAM,
) -> None:
    """Train a forecaster, write it if it beats what needs no network and its sigma is honest; a report says more."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from edge.contracts.trainable import Optimizer  # noqa: PLC0415
    from trainer.commands.series_options import numbers, words  # noqa: PLC0415
    from trainer.detector.training import Run  # noqa: PLC0415
    from trainer.export.variant import Variant as Written  # noqa: PLC0415
    from trainer.releasing.terms import learning  # noqa: PLC0415
    from trainer.series.making import SeriesWish, make_forecaster  # noqa: PLC0415
    from trainer.series.releasing import SeriesTerms  # noqa: PLC0415
    from trainer.trainable.settings import FLOATS, TrainableSettings  # noqa: PLC0415
    from trainer.training.number import Precision  # noqa: PLC0415

    asked = {
        "step_s": step_s,
        "network.samples": samples,
        "network.cell": cell,
        "network.units": units,
        "training.steps": steps,
        "training.seed": seed,
    }
    options = given(asked)
    learns = learning(trainable, variant.value, FLOATS, TrainableSettings(optimizer=Optimizer(optimizer.value)))
    make_forecaster(
        SeriesWish(data, time, words(channels), numbers(horizons_s, "--horizons-s"), recipe, options, sys.argv),
        Run(run or Path("runs") / out.stem, out.stem, 1, Precision.FLOAT32, 0),
        SeriesTerms(out, None if variant is Kind.BEST else Written(variant.value), budget, accept_loss, learns),
        Console(),
    )
