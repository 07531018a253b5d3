"""Where one image is flashed: a hand for each of the image, the card and the sums, and a deadline for all of them."""

import contextlib
import mmap
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import xxhash

from firmware_tools.flash.card import Card
from firmware_tools.flash.faults import CardError, failed, silent
from firmware_tools.flash.hands import END_S, Hand
from firmware_tools.flash.pieces import Buffers

T = TypeVar("T")
AHEAD = 2  # pieces that are read before they are asked for, and as many that wait to be written
DEADLINE_S = 120.0  # the kernel itself gives up on a USB disk after half a minute and some attempts


class Stage(StrEnum):
    """What is being done."""

    WIPING = "wiping"
    WRITING = "writing"
    CHECKING = "reading back"
    SEALING = "writing the first block"


Watch = Callable[[Stage, int, int], None]  # what is done, in bytes, and of how many


@dataclass(frozen=True)
class Workplace:
    """Who does what; `deadline_s` bounds each single thing."""

    card: Card
    image_hand: Hand
    card_hand: Hand
    sum_hand: Hand
    buffers: Buffers
    watch: Watch
    deadline_s: float

    def write(self, offset: int, buffer: mmap.mmap, length: int) -> "Future[None]":
        """All of it, in as many steps as the card takes it in."""
        return self.card_hand.do(lambda: _through(self.card, self.card.write, "writing", (offset, buffer, length)))

    def read(self, offset: int, buffer: mmap.mmap, length: int) -> "Future[None]":
        """All of it, past every cache."""
        return self.card_hand.do(lambda: _through(self.card, self.card.read, "reading", (offset, buffer, length)))

    def settle(self) -> "Future[None]":
        """Until the card says that it holds all that was written."""
        return self.card_hand.do(self._settle)

    def sum_of(self, buffer: mmap.mmap, length: int) -> "Future[bytes]":
        """The sum (XXH3, 128 bits) of what is in the buffer."""
        return self.sum_hand.do(lambda: _sum(buffer, length))

    def sum_read(self, offset: int, buffer: mmap.mmap, length: int) -> "Future[bytes]":
        """The sum of what the card holds there."""
        read = self.read(offset, buffer, length)

        def add() -> bytes:
            read.result(self.deadline_s)
            return _sum(buffer, length)

        return self.sum_hand.do(add)

    def wait(self, future: "Future[T]", doing: str) -> T:
        """What was asked for. Raises CardError where the card does not answer in time."""
        try:
            return future.result(self.deadline_s)
        except TimeoutError as error:
            raise silent(self.card.name, doing, self.deadline_s) from error

    def _settle(self) -> None:
        try:
            self.card.settle()
            self.card.forget()
        except OSError as error:
            raise failed(self.card.name, "settling what was written", 0, error) from error


@contextlib.contextmanager
def set_up(card: Card, watch: Watch, deadline_s: float) -> Iterator[Workplace]:
    """Hands and buffers for one card."""
    end_s = min(END_S, deadline_s)
    with Hand("flash-image", end_s) as image, Hand("flash-card", end_s) as disk, Hand("flash-sum", end_s) as sums:
        place = Workplace(card, image, disk, sums, Buffers(2 * AHEAD + 2), watch, deadline_s)
        try:
            yield place
        finally:
            place.buffers.end()


def _through(card: Card, step: Callable[[int, memoryview], int], doing: str, where: tuple[int, mmap.mmap, int]) -> None:
    offset, buffer, length = where
    done = 0
    with memoryview(buffer) as whole:
        while done < length:
            try:
                with whole[done:length] as rest:
                    got = step(offset + done, rest)
            except OSError as error:
                raise failed(card.name, doing, offset + done, error) from error
            if got <= 0 or got % card.block_bytes:
                raise CardError(f"{card.name}: {doing} stops at byte {offset + done}: use another card")
            done += got


def _sum(buffer: mmap.mmap, length: int) -> bytes:
    """Cards fail, they do not forge: a sum without secrets as fast as the memory will do."""
    with memoryview(buffer) as whole, whole[:length] as view:
        return xxhash.xxh3_128_digest(view)
