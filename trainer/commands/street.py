"""`foresight-train data street`: the rendered street as a data set."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress


def street(
    out: Annotated[Path, typer.Option("--out", help="Folder to write; absent or empty")],
    pictures: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many, over train, val and test")] = 600,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other streets")] = 1,
    width: Annotated[int, typer.Option(min=160, max=3840, help="Pixels")] = 640,
    height: Annotated[int, typer.Option(min=90, max=2160, help="Pixels")] = 360,
) -> None:
    """Render a data set of streets: people, cars, bicycles by day and night, in all weathers, with exact boxes."""
    from trainer.data.street import write_street  # noqa: PLC0415

    console = Console()
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("rendering", total=pictures)
        write_street(out, pictures, seed, (width, height), lambda done: progress.update(task, completed=done))
    told = f"{pictures} pictures with exact boxes, identities and trajectories are in {out}"
    console.print(told, markup=False, highlight=False, soft_wrap=True)
