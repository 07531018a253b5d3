"""`foresight-train forecaster`: recorded tracks in, a model that says where objects will be out."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import (
    AcceptLoss,
    Batch,
    Descends,
    Kind,
    Learner,
    Out,
    Rate,
    Recipe,
    RunFolder,
    Seed,
    Steps,
    Trainable,
    Variant,
    given,
)
from trainer.errors import TrainError


def forecaster(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[
        str,
        typer.Option(
            help="tracks.jsonl of `foresight replay`, MOT or ETH/UCY text, a folder of such files, or: street",
            show_default=False,
        ),
    ],
    out: Out = Path("paths.tflite"),
    recipe: Recipe = None,
    run: RunFolder = None,
    horizons: Annotated[
        str | None, typer.Option(help="Seconds ahead, as the daemon is configured [0.5,1,2,3]", show_default=False)
    ] = None,
    steps: Steps = None,
    batch: Batch = None,
    rate: Rate = None,
    seed: Seed = None,
    frame: Annotated[str | None, typer.Option(help="Size of MOT pictures without seqinfo.ini: 1920x1080")] = None,
    fps: Annotated[float, typer.Option(help="Their rate", min=0.1, max=1000)] = 30.0,
    variant: Variant = Kind.BEST,
    budget: Annotated[float, typer.Option(help="Percent of ADE that quantisation may cost", min=0.0, max=100.0)] = 2.0,
    accept_loss: AcceptLoss = "",
    trainable: Trainable = False,
    optimizer: Descends = Learner.ADAM,
) -> None:
    """Train a trajectory model on recorded tracks, and write it if it beats straight lines; with a report."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from edge.contracts.trainable import Optimizer  # noqa: PLC0415
    from trainer.forecaster.making import TracksWish, make_paths  # noqa: PLC0415
    from trainer.recorded.mot import told_shape  # noqa: PLC0415
    from trainer.releasing.terms import learning, terms  # noqa: PLC0415
    from trainer.series.releasing import SeriesTerms  # noqa: PLC0415
    from trainer.trainable.settings import FLOATS, TrainableSettings  # noqa: PLC0415

    asked = given({"training.steps": steps, "training.batch": batch, "training.rate": rate, "training.seed": seed})
    if horizons is not None:
        asked["window.horizons_s"] = _listed(horizons)  # type: ignore[assignment] # a list, which YAML has as well
    wish = TracksWish(data, told_shape(frame, fps), run or Path("runs") / out.stem, recipe, asked, sys.argv)
    on = terms(out, variant.value, budget, accept_loss, data)
    learns = learning(trainable, variant.value, FLOATS, TrainableSettings(optimizer=Optimizer(optimizer.value)))
    make_paths(wish, SeriesTerms(on.out, on.variant, on.budget_points, on.accept_loss, learns), Console())


def _listed(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise TrainError(f"--horizons {text} is no list of numbers; write for example 0.5,1,2,3") from error
