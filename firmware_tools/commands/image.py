"""`foresight-firmware image ...`: images that boot into the running daemon."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Image = Annotated[Path, typer.Argument(help="The official Raspberry Pi OS Lite (64-bit): .img, .img.xz, .zst or .gz")]
Fleet = Annotated[Path, typer.Option("--fleet", help="The fleet's folder")]
Device = Annotated[str, typer.Option("--device", help="Which device of the fleet the image is for")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The new file: .img, .img.zst or .img.xz")]
Sha256 = Annotated[
    str, typer.Option("--sha256", help="What the image's download page says, of the file or its content")
]
Sha256File = Annotated[Path | None, typer.Option("--sha256-file", help="The same, as `sha256sum` writes it")]
Settings = Annotated[Path | None, typer.Option("--settings", help="YAML: hostname, timezone, ssh, users, wifi")]
Wheels = Annotated[Path | None, typer.Option("--wheels", help="Folder of wheels; nothing is fetched then")]
Wheel = Annotated[Path | None, typer.Option("--wheel", help="This project's wheel, instead of one built or fetched")]
Models = Annotated[list[Path] | None, typer.Option("--model", help="A model beside those of the fleet; several")]
Releases = Annotated[Path | None, typer.Option("--releases", help="Repository of releases that the device believes")]

app = typer.Typer(help="Images that boot into the running daemon.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _image() -> None:
    """Images that boot into the running daemon."""
    # Ended from outside is ended as by Ctrl-C: what was begun is removed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))


@app.command()
def customise(  # noqa: PLR0913, PLR0917 - a command has as many options as its users need
    image: Image,
    fleet: Fleet,
    device: Device,
    out: Out,
    sha256: Sha256 = "",
    sha256_file: Sha256File = None,
    settings: Settings = None,
    wheels: Wheels = None,
    wheel: Wheel = None,
    model: Models = None,
    releases: Releases = None,
) -> None:
    """Make the image of one device from the official one: daemon, models, identity, Wi-Fi and users are put into it."""
    from firmware_tools.image import customise as making  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.image.cloud_init_settings import SystemSettings, read_settings  # noqa: PLC0415
    from firmware_tools.image.unpacking import wanted_sha256  # noqa: PLC0415
    from firmware_tools.image.wheels_fetch import Sources  # noqa: PLC0415

    wanted = wanted_sha256(sha256, sha256_file, image)
    system = read_settings(settings) if settings else SystemSettings()
    sources = Sources(wheels, wheel)
    order = making.Order(image, wanted, fleet, device, system, sources, tuple(model or ()), releases)
    console = Console(stderr=True, emoji=False)
    made = making.customise(order, out, lambda text: console.print(text, markup=False, highlight=False))
    text = (
        f"{made.image} is made ({made.mapped_bytes >> 20} MiB to write). It holds the key of {device}: keep it private"
    )
    console.print(text, markup=False, highlight=False)
    if not system.users:
        console.print("nobody can log in: --settings names users", markup=False, highlight=False)
