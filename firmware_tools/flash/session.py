"""One turn at a card: what there is, the question, the writing, the end."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table

from firmware_tools.bmap import BlockMap, beside, read_block_map
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.flash.card import BlockCard, opened_card
from firmware_tools.flash.choosing import Wish, candidates, choose, described, still_there
from firmware_tools.flash.disks import Disk, Roots
from firmware_tools.flash.flashing import flash
from firmware_tools.flash.image import Image, look_at
from firmware_tools.flash.judging import sized
from firmware_tools.flash.progress import shown

NO_CARD = (
    "No card that may be flashed is in this machine.\n"
    "Built-in, mounted, read-only and too small disks are not listed; naming one as DEVICE tells why it is not."
)
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Consent:
    """What the user has said beforehand."""

    yes: bool
    serial: str


def block_map_of(image: Path, named: str) -> BlockMap | None:
    """The block map that was named, or else lies beside the image; none for `none`. Raises MistakeError."""
    if named == "none":
        return None
    path = Path(named) if named else beside(image)
    return read_block_map(path) if path else None


class Session:
    """Talks to the user; `out` is for answers, `err` for everything else."""

    def __init__(self, out: Console, err: Console, virtual: bool, roots: Roots | None = None) -> None:
        self._out, self._err = out, err
        self._virtual = virtual
        self._roots = roots or Roots()

    def look(self, image: Path | None, block_map: BlockMap | None) -> Image | None:
        """The image, if one was named. Raises MistakeError."""
        return look_at(image, block_map) if image else None

    def show_cards(self, image: Image | None) -> None:
        """The disks that may be flashed, with that image if there is one."""
        disks = candidates(self._roots, self._wish(image))
        if not disks:
            self._out.print(NO_CARD, soft_wrap=True)
            return
        table = Table("name", "model", "size", "kind", "serial")
        for disk in disks:
            table.add_row(disk.name, disk.model, sized(disk.size_bytes), str(disk.kind), disk.serial or "none")
        self._out.print(table)

    def flash(self, image: Image, device: str, consent: Consent, *, eject: bool) -> None:
        """Ask, write, prove, eject. Raises FirmwareError."""
        wish = self._wish(image)
        disk = choose(device, self._roots, wish)
        self._ask(disk, consent)
        still_there(disk, self._roots, wish)
        with _stoppable(), opened_card(disk, self._roots) as card:
            self._write(image, card)
            ejected = eject and card.eject()
        self._out.print(f"{disk.name} holds {image.path.name}: all of it was read back and is right.", soft_wrap=True)
        if ejected:
            self._out.print("It is ejected: take it out.")
        elif eject:
            self._out.print("It knows no ejecting: take it out.")

    def _wish(self, image: Image | None) -> Wish:
        return Wish(need_bytes=(image.plain_bytes or 0) if image else 0, virtual=self._virtual)

    def _ask(self, disk: Disk, consent: Consent) -> None:
        if consent.serial and consent.serial != disk.serial:
            raise MistakeError(f"{described(disk)} has not the serial {consent.serial}; nothing was written")
        if consent.yes and not consent.serial:
            raise MistakeError("--yes asks for --serial as well, so that a changed name never costs a wrong disk")
        if consent.yes:
            return
        self._err.print(f"Everything on {described(disk)} will be lost.", markup=False, highlight=False, soft_wrap=True)
        self._err.print(f"Type {disk.name} to go on: ", end="", markup=False, highlight=False)
        if sys.stdin.readline().strip() != disk.name:
            raise MistakeError(f"{disk.name} was not typed; nothing was written")

    def _write(self, image: Image, card: BlockCard) -> None:
        try:
            with shown(self._err) as watch:
                flash(image, card, watch)
        except KeyboardInterrupt as error:
            raise FirmwareError(f"stopped; {card.name} holds no finished image: flash it anew") from error


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Being told to end, in whatever way, is as Ctrl-C."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
