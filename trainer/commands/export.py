"""`foresight-train export`: from a trained network to a model file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from trainer.export.variant import Variant


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a trained network")],
    out: Annotated[Path, typer.Option("--out", help="The .tflite to write")] = Path("model.tflite"),
    variant: Annotated[Variant, typer.Option("--variant", help="How its numbers are written")] = Variant.INT8,
    calibration: Annotated[
        Path | None, typer.Option("--calibration", help="Pictures of the training split, for int8")
    ] = None,
    most: Annotated[int, typer.Option("--max-detections", min=1, max=100, help="Most boxes of a picture")] = 25,
    timeout_s: Annotated[float, typer.Option("--timeout-s", min=1, help="Longest time for the converter")] = 600,
) -> None:
    """Convert a network with metadata, labels and foresight.json packed inside; compile it where a compiler is."""
    from trainer.export.tool import export_run  # noqa: PLC0415 - commands load only what they need

    export_run(run, variant, calibration, out, most, timeout_s, Console())
