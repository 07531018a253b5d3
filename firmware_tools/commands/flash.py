"""`foresight-firmware flash`: an image onto a card."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

ImageFile = Annotated[Path | None, typer.Argument(help="The image: .img, or that packed as .xz, .zst or .gz")]
Device = Annotated[str | None, typer.Argument(help="The card: sdb, /dev/sdb, /dev/disk/by-id/...; none = list them")]
MapFile = Annotated[str, typer.Option("--bmap", help="Its block map; `none`: write all of it, whatever lies beside it")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing; --serial must say which card is meant")]
Serial = Annotated[str, typer.Option("--serial", help="The serial number that the card must have")]
Virtual = Annotated[bool, typer.Option("--virtual", help="Loop and network block devices will do as well")]
NoEject = Annotated[bool, typer.Option("--no-eject", help="Leave the card in the machine's hands afterwards")]


def flash(
    image: ImageFile = None,
    device: Device = None,
    bmap: MapFile = "",
    yes: Yes = False,
    serial: Serial = "",
    virtual: Virtual = False,
    no_eject: NoEject = False,
) -> None:
    """Write an image to a card and read all of it back; without a card: list those that may be flashed."""
    from firmware_tools.flash.session import Consent, Session, block_map_of  # noqa: PLC0415 - loaded when it runs

    session = Session(Console(), Console(stderr=True), virtual)
    chosen = session.look(image, block_map_of(image, bmap) if image else None)
    if chosen is None or device is None:
        session.show_cards(chosen)
    else:
        session.flash(chosen, device, Consent(yes, serial), eject=not no_eject)
