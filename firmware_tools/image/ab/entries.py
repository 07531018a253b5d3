"""A tree of files in memory, with owners and modes: read from tar files, changed, and written the same way each time.

No part of it touches a file system, so it needs no root: a file that is root's is so in the tree.
"""

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from firmware_tools.errors import FirmwareError


class Kind(Enum):
    """What a path is; the values are those of tar."""

    FILE = tarfile.REGTYPE
    FOLDER = tarfile.DIRTYPE
    LINK = tarfile.SYMTYPE
    TWIN = tarfile.LNKTYPE  # the same file by another name


@dataclass(frozen=True, slots=True)
class Entry:
    """One path."""

    kind: Kind
    mode: int
    data: bytes = b""  # of a file
    target: str = ""  # of a link, as it is written; of a twin, the path of the other
    uid: int = 0
    gid: int = 0
    mtime_s: int = -1  # when it was changed; -1 is as late as anything of the tree


Tree = dict[str, Entry]  # by path, without a slash before it


def folder(mode: int = 0o755, uid: int = 0, gid: int = 0) -> Entry:
    """A folder."""
    return Entry(Kind.FOLDER, mode, uid=uid, gid=gid)


def text(content: str, mode: int = 0o644) -> Entry:
    """A file of root's."""
    return Entry(Kind.FILE, mode, content.encode())


def link(target: str) -> Entry:
    """A symbolic link."""
    return Entry(Kind.LINK, 0o777, target=target)


def put(tree: Tree, path: str, entry: Entry) -> None:
    """Set a path; folders above it that are missing become root's, 0755. Links above it are followed."""
    place = _real(tree, PurePosixPath(path.strip("/")))
    for above in reversed(place.parents[:-1]):
        tree.setdefault(str(above), folder())
    tree[str(place)] = entry


def merge(tree: Tree, other: Tree) -> None:
    """Lay another tree over this one; folders that are there stay as they are."""
    for path, entry in sorted(other.items()):
        if entry.kind is Kind.FOLDER:
            real = _real(tree, PurePosixPath(path) / "x").parent
            if str(real) in tree:
                continue
        put(tree, path, entry)


def read_tar(source: Path | IO[bytes], take: Callable[[str], bool] = lambda _: True) -> Tree:
    """The files, folders and links of a tar file; devices and sockets are left out.

    Args:
        source: of the tar file, or it opened.
        take: says for a path whether it is wanted.

    Raises:
        FirmwareError: it cannot be read.
    """
    opened = {"name": str(source)} if isinstance(source, Path) else {"fileobj": source}
    tree: Tree = {}
    try:
        with tarfile.open(**opened, mode="r|*") as tar:
            for member in tar:
                path = member.name.removeprefix("./").strip("/")
                if path in ("", ".") or not take(path) or member.type not in _KINDS:
                    continue
                content = tar.extractfile(member) if member.isreg() else None
                tree[path] = _entry(member, content.read() if content else b"")
    except (OSError, tarfile.TarError) as error:
        raise FirmwareError(f"the archive {source} cannot be read ({error})") from error
    return tree


def write_tar(tree: Tree, target: Path, epoch_s: int) -> None:
    """Write a tree in the order of its paths; nothing in it is younger than `epoch_s`. Raises FirmwareError."""
    try:
        with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as tar:
            for path in sorted(tree, key=lambda name: name.split("/")):
                entry = tree[path]
                tar.addfile(_member(path, entry, epoch_s), BytesIO(entry.data))
    except (OSError, tarfile.TarError) as error:
        raise FirmwareError(f"{target} cannot be written ({error}); is there room on the disk?") from error


_KINDS = {kind.value: kind for kind in Kind} | {tarfile.AREGTYPE: Kind.FILE}


def _entry(member: tarfile.TarInfo, data: bytes) -> Entry:
    kind = _KINDS[member.type]
    target = member.linkname.removeprefix("./").strip("/") if kind is Kind.TWIN else member.linkname
    return Entry(kind, member.mode, data, target, member.uid, member.gid, int(member.mtime))


def _member(path: str, entry: Entry, epoch_s: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type, member.mode, member.linkname = entry.kind.value, entry.mode, entry.target
    member.uid, member.gid = entry.uid, entry.gid
    member.mtime = epoch_s if entry.mtime_s < 0 else min(entry.mtime_s, epoch_s)
    member.size = len(entry.data)
    return member


def _real(tree: Tree, path: PurePosixPath) -> PurePosixPath:
    """The path with the links above its last part followed, as /lib -> usr/lib."""
    done = PurePosixPath()
    for part in path.parts[:-1]:
        done = done / part
        for _ in range(8):
            found = tree.get(str(done))
            if found is None or found.kind is not Kind.LINK:
                break
            away = PurePosixPath(found.target)
            done = PurePosixPath(str(away).lstrip("/")) if away.is_absolute() else done.parent / away
    return done / path.parts[-1]
