"""A medium with a volatile write cache, run by nbdkit (tests/rigs/nbd/plugin.py): nothing of ours is imported.

In its folder `disk` is what it holds at first, and `orders` what befalls it, line by line: `freeze` what
it holds now to begin from, `reset` to that, `cut KEEP SEED AFTER` the power, after so many more writes: of what was not
flushed each block is kept with that probability, and nothing more is taken until it is to `revive`. To `flushed` it
adds a byte with each flush, to `died` one whenever its power went.
"""

import random
from pathlib import Path

BLOCK = 4096  # what ext4 writes as a whole


class Medium:
    """`seen` is what it gives, `durable` what survives."""

    durable_writes = False  # never by themselves: the kernel flushes instead

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.size = (folder / "disk").stat().st_size
        self.durable = bytearray((folder / "disk").read_bytes())
        self.seen, self.frozen = bytearray(self.durable), bytes(self.durable)
        self.pieces: list[tuple[int, bytes]] = []  # what was written since the last flush
        self.changed: set[int] = set()  # blocks, since it was frozen
        self.dead, self.done, self.fuse = False, 0, ("0", "0", -1)  # the cut that is to come: see `cut`

    def read(self, length: int, offset: int) -> bytes:
        """What was written last, durable or not."""
        self.obey()
        return bytes(self.seen[offset : offset + length])

    def write(self, data: bytes, offset: int) -> None:
        """Into the cache."""
        self.obey()
        self.cache(data, offset)

    def flush(self) -> None:
        """Everything written so far is durable."""
        self.obey()
        self.sync()

    def obey(self) -> None:
        """Orders that came since."""
        path = self.folder / "orders"
        if path.stat().st_size == self.done:
            return
        with path.open() as file:
            file.seek(self.done)
            lines = file.read()
        self.done += len(lines)
        for line in lines.splitlines():
            what, *given = line.split()
            getattr(self, what)(*given)  # one of those that are named above

    def freeze(self) -> None:
        self.sync()
        self.frozen = bytes(self.durable)
        self.changed.clear()

    def reset(self) -> None:
        self.pieces.clear()
        for block in self.changed:
            span = slice(block * BLOCK, (block + 1) * BLOCK)
            self.durable[span] = self.seen[span] = self.frozen[span]
        self.changed.clear()
        self.revive()

    def cut(self, keep: str, seed: str, after: str) -> None:
        if int(after):
            self.fuse = (keep, seed, int(after))
        else:
            self.die(keep, seed)

    def die(self, keep: str, seed: str) -> None:
        if self.dead:
            return
        chance, dice = float(keep), random.Random(seed)
        for offset, data in self.pieces:
            for start in range(0, len(data), BLOCK):
                if dice.random() < chance:
                    piece = data[start : start + BLOCK]
                    self.durable[offset + start : offset + start + len(piece)] = piece
        for offset, data in self.pieces:
            span = slice(offset, offset + len(data))
            self.seen[span] = self.durable[span]
        self.pieces.clear()
        self.dead = True
        with (self.folder / "died").open("ab") as file:
            file.write(b".")

    def revive(self) -> None:
        self.dead, self.fuse = False, ("0", "0", -1)

    def cache(self, data: bytes, offset: int) -> None:
        keep, seed, left = self.fuse
        self.fuse = (keep, seed, left - 1)
        if left == 0:
            self.die(keep, seed)
        if self.dead:
            return
        self.seen[offset : offset + len(data)] = data
        self.pieces.append((offset, data))
        self.changed.update(range(offset // BLOCK, -(-(offset + len(data)) // BLOCK)))

    def sync(self) -> None:
        if self.dead:
            return
        for offset, data in self.pieces:
            self.durable[offset : offset + len(data)] = data
        self.pieces.clear()
        with (self.folder / "flushed").open("ab") as file:
            file.write(b".")
