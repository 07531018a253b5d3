"""Flashing, in the order that leaves no half-booting card behind whenever it is cut short.

The first and the last MiB of the card are wiped, so that nothing boots any more; a card that does not even keep that,
as worn-out and many fake ones do, is found out at once. All of the image but its first block
is written and settled, and read back past the caches; only when that is proven is the first block written, settled and
read back. Until then the card has no partition table.
"""

import mmap
import os
import queue
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.flash.card import Card
from firmware_tools.flash.faults import CardError, different
from firmware_tools.flash.image import Image, opened
from firmware_tools.flash.pieces import FIRST_BYTES, Piece, cut
from firmware_tools.flash.workplace import AHEAD, DEADLINE_S, Stage, Watch, Workplace, set_up

WIPED_BYTES = 1 << 20


@dataclass(frozen=True)
class Proof:
    """What some bytes of the card must hash to."""

    offset: int
    length: int
    sum: bytes


@dataclass(frozen=True)
class Flashed:
    """A card that holds the image, as all of it was read back."""

    written_bytes: int


def flash(image: Image, card: Card, watch: Watch, deadline_s: float = DEADLINE_S) -> Flashed:
    """Write the image and prove it.

    Raises:
        MistakeError: the image is damaged, or larger than the card.
        CardError: the card failed, or holds something else than was written.
        KeyboardInterrupt: as it came.
        In each case the card has no partition table, wherever it was cut short, unless it ignores what is written.
    """
    _check_blocks(image, card)
    with opened(image) as source, set_up(card, watch, deadline_s) as place:
        pieces = _ahead(place, cut(source, card.block_bytes, place.buffers, 2 * deadline_s))
        first = next(pieces)  # before anything is wiped: an image that cannot be read costs no card
        try:
            wiped = _wipe(place)
            written = _write(place, first, pieces, image.write_bytes)
            _check(place, _with_end(wiped, written), Stage.CHECKING)
            _seal(place, first)
        except FirmwareError as error:
            raise type(error)(f"{error}. {card.name} is not to be used as it is") from error
        return Flashed(sum(proof.length for proof in written) + first.length)


def _check_blocks(image: Image, card: Card) -> None:
    if image.block_map and image.block_map.block_bytes % card.block_bytes:
        raise MistakeError(
            f"{card.name} has blocks of {card.block_bytes} bytes and the block map is of {image.block_map.block_bytes} "
            "bytes: make it anew with `bmaptool create`, or use `--bmap none`"
        )


def _ahead(place: Workplace, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, some of them read before they are asked for."""
    asked = deque(place.image_hand.do(lambda: next(pieces, None)) for _ in range(AHEAD))
    while True:
        try:
            piece = asked.popleft().result(place.deadline_s)
        except (TimeoutError, queue.Empty) as error:
            raise FirmwareError(f"the image has not been readable for {place.deadline_s:.0f} s") from error
        if piece is None:
            return
        yield piece
        asked.append(place.image_hand.do(lambda: next(pieces, None)))


def _wipe(place: Workplace) -> Proof:
    """Noise over the end of the card and zeros over its beginning; what the end must hold afterwards.

    Of a card that holds less than it says the end is often nowhere, and reads as zeros: noise tells them apart. It is
    as good as zeros at making an old copy of a partition table useless. Raises CardError.
    """
    block = place.card.block_bytes
    length = min(WIPED_BYTES, place.card.size_bytes // 2 // block * block)
    zeros, noise = mmap.mmap(-1, WIPED_BYTES), mmap.mmap(-1, WIPED_BYTES)
    noise[:] = os.urandom(WIPED_BYTES)
    last = place.card.size_bytes - length
    place.wait(place.write(last, noise, length), "wiping")
    place.wait(place.write(0, zeros, length), "wiping")
    place.wait(place.settle(), "wiping")
    proofs = [
        Proof(at, length, place.wait(place.sum_of(what, length), "wiping")) for at, what in ((0, zeros), (last, noise))
    ]
    _check(place, proofs, Stage.WIPING)
    return proofs[1]


def _write(place: Workplace, first: Piece, pieces: Iterator[Piece], write_bytes: int | None) -> list[Proof]:
    """All but the first piece, `write_bytes` of them where that is known; what the card must hold afterwards."""
    proofs: list[Proof] = []
    under_way: deque[tuple[Piece, Future[None], Future[bytes]]] = deque()
    done = first.length

    def finish_one() -> None:
        nonlocal done
        piece, written, summed = under_way.popleft()
        place.wait(written, "writing")
        proofs.append(Proof(piece.offset, piece.length, place.wait(summed, "writing")))
        place.buffers.give(piece.buffer)
        done += piece.length
        place.watch(Stage.WRITING, done, max(done, write_bytes or int(done / max(piece.part, 1e-6))))

    for piece in pieces:
        _check_room(place.card, piece)
        under_way.append(
            (
                piece,
                place.write(piece.offset, piece.buffer, piece.length),
                place.sum_of(piece.buffer, piece.length),
            )
        )
        if len(under_way) > AHEAD:
            finish_one()
    while under_way:
        finish_one()
    place.wait(place.settle(), "settling what was written")
    return proofs


def _check_room(card: Card, piece: Piece) -> None:
    if piece.offset + piece.length > card.size_bytes:
        raise MistakeError(
            f"the image is larger than {card.name}, which holds {card.size_bytes} bytes: use a larger one"
        )


def _with_end(wiped: Proof, written: list[Proof]) -> list[Proof]:
    """And the wiped end of the card, unless the image reaches into it."""
    reached = max((proof.offset + proof.length for proof in written), default=FIRST_BYTES)
    return written if reached > wiped.offset else [*written, wiped]


def _check(place: Workplace, proofs: list[Proof], stage: Stage) -> None:
    """Read them back. Raises CardError at the first difference."""
    total = sum(proof.length for proof in proofs)
    done = 0
    under_way: deque[tuple[Proof, mmap.mmap, Future[bytes]]] = deque()

    def finish_one() -> None:
        nonlocal done
        proof, buffer, summed = under_way.popleft()
        if place.wait(summed, "reading back") != proof.sum:
            raise different(place.card.name, proof.offset, proof.length)
        place.buffers.give(buffer)
        done += proof.length
        place.watch(stage, done, total)

    for proof in proofs:
        buffer = place.buffers.take(place.deadline_s)
        under_way.append((proof, buffer, place.sum_read(proof.offset, buffer, proof.length)))
        if len(under_way) > AHEAD:
            finish_one()
    while under_way:
        finish_one()


def _seal(place: Workplace, first: Piece) -> None:
    """The first block, which makes the card boot; taken back where it cannot be proven."""
    _check_room(place.card, first)
    wanted = place.wait(place.sum_of(first.buffer, first.length), "writing")
    try:
        place.wait(place.write(0, first.buffer, first.length), "writing the first block")
        place.wait(place.settle(), "writing the first block")
        _check(place, [Proof(0, first.length, wanted)], Stage.SEALING)
    except BaseException:
        _spoil(place, first.length)
        raise


def _spoil(place: Workplace, length: int) -> None:
    """Zeros over the first block, if the card still takes them."""
    try:
        place.wait(place.write(0, mmap.mmap(-1, length), length), "wiping")
        place.wait(place.settle(), "wiping")
    except CardError:
        return
