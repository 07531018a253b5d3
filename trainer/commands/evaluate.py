"""`foresight-train evaluate`: what model files are worth, on labelled pictures or on readings, as their task is."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def evaluate(
    models: Annotated[list[Path], typer.Argument(help="One .tflite or several; the first is compared with the others")],
    data: Annotated[Path, typer.Option("--data", help="The labelled pictures; of models of series, the readings")],
    part: Annotated[
        str | None, typer.Option("--split", help="train, val or test; else val, or what comes closest")
    ] = None,
    labels: Annotated[Path | None, typer.Option("--labels", help="Label file, where the models have none")] = None,
    out: Annotated[Path, typer.Option("--out", help="The report")] = Path("report.html"),
    threads: Annotated[int, typer.Option("--threads", min=1, max=64, help="CPU threads")] = 2,
) -> None:
    """Score models as the daemon runs them: mAP or accuracy, latency, mistakes; errors of forecasts; with a report."""
    from trainer.evaluate.dispatch import Asked, evaluate_any  # noqa: PLC0415 - commands load only what they need

    evaluate_any(Asked(models, data, part, labels, out, threads), Console())
