"""`foresight-train export`: a trained network once more to a model file, on other terms."""

from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import AcceptLoss, Budget, Kind, Variant


def export(
    run: Annotated[Path, typer.Argument(help="Folder of the run that trained it")],
    data: Annotated[Path, typer.Option(help="The labelled pictures that it was trained on", show_default=False)],
    *,
    out: Annotated[Path, typer.Option(help="The model file to write")] = Path("model.tflite"),
    variant: Variant = Kind.BEST,
    budget: Budget = 1.0,
    accept_loss: AcceptLoss = "",
) -> None:
    """Convert a trained network, and write it if it kept its accuracy: the second half of its training command."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from edge.contracts.manifest import Task  # noqa: PLC0415
    from trainer.classifier.making import export_classifier  # noqa: PLC0415
    from trainer.detector.making import export_detector  # noqa: PLC0415
    from trainer.releasing.terms import terms  # noqa: PLC0415
    from trainer.trained import read_trained  # noqa: PLC0415

    on = terms(out, variant.value, budget, accept_loss, data.name)
    again = {Task.DETECTOR: export_detector, Task.CLASSIFIER: export_classifier}
    again[read_trained(run).task](run, data, on, Console())
