"""An image as it is kept: plain, .zst or .xz, always the same bytes for the same image."""

import os
from collections.abc import Callable
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image.programs import run

STEP = 4 << 20
THREADS = 2  # always: the number of threads must not depend on the machine
ZSTD_LEVEL, XZ_LEVEL = 3, "-1"


def suffix_of(out: Path) -> str:
    """`.img`, `.xz` or `.zst`. Raises MistakeError."""
    if out.suffix not in PACKERS or (out.suffix != ".img" and Path(out.stem).suffix != ".img"):
        raise MistakeError(f"{out.name} must end with .img, .img.zst or .img.xz")
    return out.suffix


def plain_name(out: Path) -> Path:
    """The name of the image without packing, from which those of what lies beside it are made."""
    return out if out.suffix == ".img" else out.with_suffix("")


def pack(image: Path, suffix: str) -> Path:
    """The file that is kept, made beside the plain one, which may be it. Raises FirmwareError, OSError."""
    return PACKERS[suffix](image)


def _plain(image: Path) -> Path:
    return image


def _zst(image: Path) -> Path:
    from backports import zstd  # noqa: PLC0415 - of the extra `firmware`

    key = zstd.CompressionParameter
    options: dict[int, int] = {key.compression_level: ZSTD_LEVEL, key.nb_workers: THREADS, key.checksum_flag: 1}
    target = image.with_name("packed.zst")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with image.open("rb") as plain, os.fdopen(descriptor, "wb") as raw:
        machine = zstd.ZstdCompressor(options=options)
        machine.set_pledged_input_size(image.stat().st_size)
        while piece := plain.read(STEP):
            raw.write(machine.compress(piece))
        raw.write(machine.flush())
    return target


def _xz(image: Path) -> Path:
    run(("xz", XZ_LEVEL, f"--threads={THREADS}", "--keep", "--check=crc64", str(image)))
    return image.with_name(f"{image.name}.xz")


PACKERS: dict[str, Callable[[Path], Path]] = {".img": _plain, ".zst": _zst, ".xz": _xz}
