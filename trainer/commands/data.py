"""`foresight-train data`: look at labelled pictures before they are trained on."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from trainer.errors import TrainError

Folder = Annotated[Path, typer.Argument(help="The labelled pictures: COCO, YOLO, csv, Pascal VOC or class folders")]
Seed = Annotated[int, typer.Option("--seed", help="Another one, another draw")]

app = typer.Typer(
    name="data", help="Check, count, divide and see labelled pictures.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def check(
    folder: Folder,
    most: Annotated[int, typer.Option("--most", min=0, help="Problems to list; 0 = all")] = 100,
) -> None:
    """Decode every picture, list what is wrong and what to do; exit code 1 where there are errors."""
    from trainer.data import tools  # noqa: PLC0415 - commands load only what they need

    raise typer.Exit(tools.check(folder, most, Console()))


@app.command()
def stats(folder: Folder) -> None:
    """Count pictures, boxes and classes of every split, and say how large they are."""
    from trainer.data import tools  # noqa: PLC0415

    tools.stats(folder, Console())


@app.command()
def split(
    folder: Folder,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write; else FOLDER-split beside it")] = None,
    val: Annotated[float, typer.Option("--val", min=0, max=1, help="Share of pictures for validation")] = 0.2,
    test: Annotated[float, typer.Option("--test", min=0, max=1, help="Share of pictures for the last score")] = 0.0,
    seed: Seed = 1,
) -> None:
    """Divide anew into train, val and test: COCO JSON for each, the pictures stay where they are."""
    from trainer.data import tools  # noqa: PLC0415

    if val + test >= 1:
        raise TrainError(f"--val {val} and --test {test} leave nothing to train on; give smaller shares")
    shares = {"train": 1 - val - test, "val": val, "test": test}
    place = out or folder.absolute().with_name(f"{folder.absolute().name}-split")
    tools.split(folder, {name: share for name, share in shares.items() if share > 0}, place, seed, Console())


@app.command()
def preview(
    folder: Folder,
    part: Annotated[str | None, typer.Option("--split", help="train, val or test; else all")] = None,
    out: Annotated[Path, typer.Option("--out", help="The sheet, PNG")] = Path("preview.png"),
    most: Annotated[int, typer.Option("--most", min=1, max=200, help="Pictures on it")] = 16,
    seed: Seed = 1,
) -> None:
    """Draw a contact sheet with boxes and labels: are they where they should be?"""
    from trainer.data import tools  # noqa: PLC0415

    tools.show_sheet(folder, part, most, out, seed, Console())


@app.command("import")
def import_(
    archive: Annotated[Path, typer.Argument(help="What `foresight archive` wrote on the device")],
    trust: Annotated[str, typer.Option("--trust", help="Fingerprint of the device's key, or a file with its key")],
    out: Annotated[Path, typer.Option("--out", help="The data set's folder; what is new is added to it")],
) -> None:
    """Bring in what a device was unsure of, with its own guesses as proposals; every byte is checked first."""
    from trainer.data.importing.command import import_archive  # noqa: PLC0415

    import_archive(archive, trust, out, Console())
