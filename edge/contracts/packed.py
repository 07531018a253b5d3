"""Files packed inside a model: a ZIP appended to the `.tflite`, as the TFLite metadata convention has it.

An archive can be made to unpack into anything, so its directory is weighed before it is read, and a member before
and while it is unpacked. Nothing is ever written to disk.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from edge.contracts.flatbuffer import MalformedError

MANIFEST = b"foresight.json"  # `manifest.FILE_NAME`
MAX_MEMBERS = 64
MAX_DIRECTORY_BYTES = 1 << 16
MAX_RATIO = 100  # unpacked to packed; label files reach about 3
SMALL_BYTES = 1 << 16  # below this the ratio does not matter

MAX_MEMBER_BYTES = 1 << 28

_NAME = re.compile(r"[A-Za-z0-9_ ()+,=@~-][A-Za-z0-9._ ()+,=@~/-]{0,254}")
_ARCHIVES = (b"PK\3\4", b"PK\5\6", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf")
_HEADER_BYTES = 30  # of a packed file, before its name
_END = struct.Struct("<4s4H2IH")  # the ZIP's end record
_UNPACKERS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class PackedFiles:
    """The archive at the end of `data`, if there is one."""

    data: bytes
    names: tuple[str, ...]
    start: int  # of the archive in `data`

    @classmethod
    def find(cls, data: bytes) -> "PackedFiles":
        """Look for the archive.

        Raises:
            MalformedError: it is there, but damaged or out of all proportion.
        """
        if not _weigh_directory(data):
            _refuse_rest_of_archive(data)
            return cls(b"", (), 0)
        with _translated(), zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = tuple(archive.namelist())
            for info in archive.infolist():
                _look_at(archive, info)
            start = min((entry.header_offset for entry in archive.infolist()), default=0)
        if len(set(names)) != len(names):
            raise MalformedError("two of its packed files have the same name")
        return cls(data, names, start)

    def read(self, name: str, limit_bytes: int) -> bytes:
        """One packed file, unpacked.

        Raises:
            MalformedError: it is absent, damaged, larger than the limit, or packed suspiciously well.
        """
        if name not in self.names:
            raise MalformedError(f"it names the packed file {name!r}, which is not there")
        with _translated(), zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            info = archive.getinfo(name)
            _weigh_member(info, limit_bytes)
            with archive.open(info) as file:
                content = file.read(limit_bytes + 1)
        if len(content) > limit_bytes:
            raise MalformedError(f"its packed file {name!r} is larger than {limit_bytes} bytes")
        return content


def _weigh_directory(data: bytes) -> bool:
    """Whether an archive ends the file; refuses one whose directory is out of proportion."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - _END.size - 0xFFFF))
    if at < 0 or len(data) - at < _END.size:
        return False
    _, disk, _, _, members, directory_bytes, _, comment_bytes = _END.unpack_from(data, at)
    if at + _END.size + comment_bytes != len(data):
        return False
    if disk or members > MAX_MEMBERS or directory_bytes > MAX_DIRECTORY_BYTES:
        raise MalformedError(f"its archive claims {members} packed files, more than {MAX_MEMBERS}")
    return True


def _refuse_rest_of_archive(data: bytes) -> None:
    """Tell a bundle of ours that was cut off from a stranger's model, which brings nothing along."""
    at = data.find(MANIFEST)
    while at >= 0:
        if data[max(0, at - _HEADER_BYTES) :][:4] == _ARCHIVES[0]:
            raise MalformedError("the archive of packed files at its end is cut off")
        at = data.find(MANIFEST, at + 1)


def _look_at(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Refuse what no trainer packs, although nothing of it is ever written to disk by its name."""
    if not _NAME.fullmatch(info.orig_filename) or ".." in info.orig_filename.split("/"):
        raise MalformedError(f"its packed file {info.orig_filename!r:.80} has no plain name")
    _weigh_member(info, MAX_MEMBER_BYTES)
    with archive.open(info) as file:
        begin = file.read(max(map(len, _ARCHIVES)))
    if begin.startswith(_ARCHIVES):
        raise MalformedError(f"its packed file {info.filename!r} is itself an archive")


def _weigh_member(info: zipfile.ZipInfo, limit_bytes: int) -> None:
    if info.flag_bits & 1 or info.compress_type not in _UNPACKERS:
        raise MalformedError(f"its packed file {info.filename!r} is encrypted or packed in an unusual way")
    if info.file_size > limit_bytes:
        raise MalformedError(f"its packed file {info.filename!r} has {info.file_size} bytes, more than {limit_bytes}")
    if info.file_size > max(SMALL_BYTES, MAX_RATIO * info.compress_size):
        raise MalformedError(
            f"its packed file {info.filename!r} unpacks from {info.compress_size} to {info.file_size} bytes"
        )


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever `zipfile` raises on a damaged archive becomes `MalformedError`."""
    try:
        yield
    except MalformedError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, LookupError) as error:
        raise MalformedError(f"its archive of packed files cannot be read ({error})") from error
    except (RuntimeError, OverflowError) as error:
        raise MalformedError(f"its archive of packed files is of an unusual kind ({error})") from error
