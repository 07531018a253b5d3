"""A series of flashings onto block devices that fail, each in one way at one place; and of some that do not."""

import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.bmap import parse
from firmware_tools.errors import FirmwareError
from firmware_tools.flash.card import opened_card
from firmware_tools.flash.choosing import Wish, choose
from firmware_tools.flash.disks import Roots
from firmware_tools.flash.faults import CardError
from firmware_tools.flash.flashing import flash
from firmware_tools.flash.image import Image, look_at
from tests.rigs.flashing.disks import FaultyDisk, faulty_disk
from tests.rigs.flashing.images import BLOCK, MIB, PACKERS, block_map, disk_image, noise, packed

CARD_BYTES = 16 * MIB
IMAGE_BYTES = 12 * MIB
HOLE = (5 * MIB, 8 * MIB)
FIRST = 4096


def _at(draw: random.Random) -> int:
    """A byte that is written: of the image, not of its hole."""
    return draw.choice([draw.randrange(HOLE[0]), draw.randrange(HOLE[1], IMAGE_BYTES)])


def _read_corrupt(draw: random.Random) -> dict[str, object]:
    return {"fault": "read-corrupt", "at": _at(draw), "bit": draw.randrange(8)}


def _somewhere(fault: str) -> Callable[[random.Random], dict[str, object]]:
    return lambda draw: {"fault": fault, "at": _at(draw)}


def _capacity(fault: str) -> Callable[[random.Random], dict[str, object]]:
    return lambda draw: {"fault": fault, "real": draw.randrange(MIB, IMAGE_BYTES - MIB) // BLOCK * BLOCK}


FAULTS: dict[str, Callable[[random.Random], dict[str, object]]] = {
    "corrupt read-back": _read_corrupt,
    "silently dropped write": _somewhere("write-dropped"),
    "EIO on read": _somewhere("read-eio"),
    "EIO on write": _somewhere("write-eio"),
    "fake capacity, wrapping": _capacity("capacity-wraps"),
    "fake capacity, ending": _capacity("capacity-ends"),
    "ENOSPC": _somewhere("write-enospc"),
    "vanishing while written": _somewhere("write-vanish"),
    "vanishing while read": _somewhere("read-vanish"),
    "short write": _somewhere("write-short"),
}


@dataclass(frozen=True)
class Outcome:
    """Of one flashing."""

    name: str  # of the fault; "" for none
    orders: dict[str, object]
    times: int  # that the fault happened
    error: str  # what the user is told; "" for a success
    card_error: bool  # whether that is the card's fault
    boots: bool  # whether the card begins as the image does
    right: bool  # whether it holds the image


@dataclass(frozen=True)
class _Case:
    """An image in one packing, with or without a block map."""

    image: Image
    raw: bytes
    mapped: bool


def outcomes(names: list[str], seed: int) -> Iterator[Outcome]:
    """One flashing for each name; packings and places follow from the seed."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        cases = _cases(Path(folder), seed)
        old = noise(seed + 1, CARD_BYTES)
        for number, name in enumerate(names):
            orders = FAULTS[name](draw) if name else {}
            yield _outcome(name, orders, cases[number % len(cases)], old)


def _cases(folder: Path, seed: int) -> list[_Case]:
    raw = disk_image(seed, IMAGE_BYTES, holes=(HOLE,))
    map_ = parse(block_map(raw, [(0, HOLE[0] // BLOCK - 1), (HOLE[1] // BLOCK, IMAGE_BYTES // BLOCK - 1)]))
    plain = [_Case(look_at(packed(folder, raw, kind), None), raw, False) for kind in sorted(PACKERS)]
    return plain + [_Case(look_at(packed(folder, raw, kind), map_), raw, True) for kind in ("img", "img.xz", "img.zst")]


def _outcome(name: str, orders: dict[str, object], case: _Case, old: bytes) -> Outcome:
    error, card_error = "", False
    with tempfile.TemporaryDirectory() as folder, faulty_disk(Path(folder), CARD_BYTES) as disk:
        disk.fill(old)
        disk.order(**orders)
        try:
            with opened_card(choose(disk.device, Roots(), Wish(virtual=True)), Roots()) as card:
                flash(case.image, card, lambda *_what: None)
        except FirmwareError as caught:
            error, card_error = str(caught), isinstance(caught, CardError)
        boots = disk.start_of(FIRST) == case.raw[:FIRST]
        return Outcome(name, orders, disk.times_done(), error, card_error, boots, _right(disk, case, old))


def _right(disk: FaultyDisk, case: _Case, old: bytes) -> bool:
    held = disk.start_of(CARD_BYTES)
    hole = old[slice(*HOLE)] if case.mapped else bytes(HOLE[1] - HOLE[0])
    expected = case.raw[: HOLE[0]] + hole + case.raw[HOLE[1] :]
    return held[:IMAGE_BYTES] == expected and held[-MIB:] != old[-MIB:]
