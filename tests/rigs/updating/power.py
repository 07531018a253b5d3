"""A file system whose power can be cut: ext4 on a disk that forgets what was not flushed. Needs root.

All of it is real but the medium. The options of the mount hide nothing: what nobody synchronises stays in memory.

It is mounted in a namespace of its own: whoever else makes one while it is mounted (a container, say) would take a copy
of the mount along, and it would not be unmounted before that one ended.
"""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.programs import program
from tests.rigs.nbd.serving import need_block_devices, programmed

MEDIUM = Path(__file__).with_name("cached_medium.py")
SIZE_BYTES = 64 << 20
# Renames do not flush what they rename, data is not written before what points to it, and nothing is by time alone.
OPTIONS = "noauto_da_alloc,data=writeback,commit=300,noatime"


@dataclass(frozen=True)
class Cut:
    """Of the power, while the kernel writes what is in memory, `after` so many writes.

    Of what it wrote, but did not flush, each block is kept with the probability `keep`.
    """

    keep: float
    after: int
    seed: int


@dataclass(frozen=True)
class Powered:
    """`root` is where it is mounted, while it is; commands that begin with `inside` see it there."""

    device: str
    folder: Path
    root: Path
    inside: tuple[str, ...]

    def order(self, line: str) -> None:
        """See the medium."""
        with (self.folder / "orders").open("a") as file:
            file.write(line + "\n")

    def begin_from_here(self) -> None:
        """What it holds now is what `reset` comes back to. Not while it is mounted."""
        self.order("freeze")
        self._obeyed()

    def reset(self) -> None:
        """Not while it is mounted."""
        self.order("reset")

    def cut(self, cut: "Cut") -> bool:
        """The power; unmounted then, and to be mounted again. Whether the disk says that its power went, once."""
        before = self.deaths()
        self.order(f"cut {cut.keep} {cut.seed} {cut.after}")
        self._obeyed()
        self.unmount()
        self.order(f"cut {cut.keep} {cut.seed} 0")
        self._obeyed()
        self.order("revive")
        return self.deaths() == before + 1

    def deaths(self) -> int:
        """How often its power went."""
        return _size(self.folder / "died")

    def flushes(self) -> int:
        """How often it was told to."""
        return _size(self.folder / "flushed")

    def mount(self) -> None:
        command = [*self.inside, program("mount"), "-t", "ext4", "-o", OPTIONS, self.device, str(self.root)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def unmount(self) -> None:
        command = [*self.inside, program("umount", "mount"), str(self.root)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def _obeyed(self) -> None:
        """A request, so that orders are read now."""
        with Path(self.device).open("rb", buffering=0) as disk:
            subprocess.run([program("blockdev", "util-linux"), "--flushbufs", self.device], check=True, timeout=60)
            disk.read(512)


@contextlib.contextmanager
def powered(folder: Path) -> Iterator[Powered]:
    """One with an empty ext4, mounted nowhere yet."""
    need_block_devices()
    disk, root = folder / "disk", folder / "root"
    with disk.open("wb") as file:
        file.truncate(SIZE_BYTES)
    (folder / "orders").touch()
    root.mkdir()
    features = "lazy_itable_init=0,lazy_journal_init=0"
    mke2fs = [
        program("mke2fs", "e2fsprogs"),
        "-q",
        "-t",
        "ext4",
        "-b",
        "4096",
        "-J",
        "size=4",
        "-E",
        features,
        str(disk),
    ]
    subprocess.run(mke2fs, check=True, timeout=60)
    with programmed(folder, MEDIUM) as device, _namespace() as inside:
        yield Powered(device, folder, root, inside)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextlib.contextmanager
def _namespace() -> Iterator[tuple[str, ...]]:
    """What a command begins with to be in a namespace of mounts of its own; these go with it."""
    command = [program("unshare", "util-linux"), "--mount", "--propagation", "private", "sh", "-c", "echo in; exec cat"]
    keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        assert keeper.stdout.readline() == "in\n"
        yield program("nsenter", "util-linux"), "--mount", f"--target={keeper.pid}"
    finally:
        keeper.stdin.close()
        keeper.wait(60)
        keeper.stdout.close()
