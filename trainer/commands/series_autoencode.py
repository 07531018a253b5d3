"""`foresight-train series autoencode`: unlabelled readings in, an auto-encoder that knows the ordinary out."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import Descends, Kind, Learner, Out, Recipe, RunFolder, Seed, Trainable, Variant, given


class Layers(StrEnum):
    """Of which layers it is made."""

    DENSE = "dense"
    RECURRENT = "recurrent"


def autoencode(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    data: Annotated[Path, typer.Option(help="Readings or embeddings: a CSV or Parquet file, or a folder of them")],
    out: Out = Path("model.tflite"),
    time: Annotated[str, typer.Option(help="Column of times [found]")] = "",
    channels: Annotated[str, typer.Option(help="Columns to look at, by comma [all numbers]")] = "",
    step_s: Annotated[float | None, typer.Option(help="Grid of the readings, seconds [as they mostly come]")] = None,
    samples: Annotated[int | None, typer.Option(help="Values of a window; 1 for rows of embeddings [32]")] = None,
    kind: Annotated[Layers | None, typer.Option(help="Of which layers [dense]")] = None,
    embedding: Annotated[int | None, typer.Option(help="Numbers a window is squeezed into [8]")] = None,
    quantile: Annotated[float | None, typer.Option(help="Share of usual windows below the threshold [.99]")] = None,
    recipe: Recipe = None,
    run: RunFolder = None,
    steps: Annotated[int | None, typer.Option(help="Batches that are learnt from [1500]", min=1)] = None,
    seed: Seed = None,
    variant: Variant = Kind.BEST,
    budget: Annotated[float, typer.Option(help="Percent by which the file's error may be larger", min=0.0)] = 2.0,
    accept_loss: Annotated[
        str, typer.Option(help="Write a model that failed the gate's measures; the reason is packed in it")
    ] = "",
    trainable: Trainable = False,
    optimizer: Descends = Learner.ADAM,
) -> None:
    """Train an auto-encoder and a threshold on unlabelled readings, and write it if it holds on later ones."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from edge.contracts.trainable import Optimizer  # noqa: PLC0415
    from trainer.autoencoder.making import make_autoencoder  # noqa: PLC0415
    from trainer.commands.series_options import words  # noqa: PLC0415
    from trainer.detector.training import Run  # noqa: PLC0415
    from trainer.export.variant import Variant as Written  # noqa: PLC0415
    from trainer.releasing.terms import learning  # noqa: PLC0415
    from trainer.series.making import SeriesWish  # noqa: PLC0415
    from trainer.series.releasing import SeriesTerms  # noqa: PLC0415
    from trainer.trainable.settings import FLOATS, TrainableSettings  # noqa: PLC0415
    from trainer.training.number import Precision  # noqa: PLC0415

    options = given(
        {
            "step_s": step_s,
            "network.samples": samples,
            "network.kind": kind and kind.value,
            "network.embedding": embedding,
            "quantile": quantile,
            "training.steps": steps,
            "training.seed": seed,
        }
    )
    learns = learning(trainable, variant.value, FLOATS, TrainableSettings(optimizer=Optimizer(optimizer.value)))
    make_autoencoder(
        SeriesWish(data, time, words(channels), (), recipe, options, sys.argv),
        Run(run or Path("runs") / out.stem, out.stem, 1, Precision.FLOAT32, 0),
        SeriesTerms(out, None if variant is Kind.BEST else Written(variant.value), budget, accept_loss, learns),
        Console(),
    )
