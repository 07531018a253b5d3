"""`image customise` on a stand-in for Raspberry Pi OS Lite of 3 GiB, beside a plain copy of the same file.

The stand-in has the official layout and is made of Debian packages for arm64; it is not the official image. It is
given packed as the official one is (.img.xz), or with `--packed zst`. Wheels lie in a folder (`--wheels`), or are
fetched beforehand.

- `seconds`: from the start of the command to its end: checked, unpacked, written, read back, both file systems checked,
  block map and bill of materials made; the least of `--times`.
- `cpu_seconds`: the processor time of that run and of all that it started, for comparison on a busy machine.
- `copy_seconds`: reading and writing the unpacked image once, with fsync; `ratio`: how many such copies it takes.
- `seconds_zst`: the same command with the result packed as .img.zst.
- `same`: whether all of them are the same bytes.
"""

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.files import sha256_of
from firmware_tools.bmap import read_block_map
from firmware_tools.image.wheels import Target
from firmware_tools.image.wheels_fetch import Sources, gather
from tests.bench.report import Figures, parser, show
from tests.rigs import fleet
from tests.rigs.customised import MODEL
from tests.rigs.official_debian import CACHE, root_tar, standin

TARGET = Target(13, 41)
STEP = 4 << 20
PACKERS = {"xz": ("xz", "-1", "-T2", "-c"), "zst": ("zstd", "-q", "-1", "-T2", "-c")}


def prepared(folder: Path, tar: Path | None, suffix: str) -> tuple[Path, Path]:
    """The stand-in, plain and packed; made once for each tar."""
    tar = tar or root_tar()
    folder.mkdir(parents=True, exist_ok=True)
    plain, packed = folder / "standin.img", folder / f"standin.img.{suffix}"
    if not packed.is_file():
        plain.unlink(missing_ok=True)
        print("making the stand-in", flush=True)
        standin(plain, tar)
        part = packed.with_suffix(".part")
        with part.open("wb") as file:
            subprocess.run([*PACKERS[suffix], str(plain)], check=True, timeout=1800, stdout=file)
        part.replace(packed)
    return plain, packed


def fleet_of_one(folder: Path) -> Path:
    fleet.begun(folder)
    fleet.add(folder, "shed")
    (folder / "models" / "street.tflite").write_bytes(MODEL)
    return folder


def copied_s(plain: Path, target: Path) -> float:
    """Seconds that a plain copy takes."""
    start = time.perf_counter()
    with plain.open("rb") as source, target.open("wb") as copy:
        while piece := source.read(STEP):
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    took = time.perf_counter() - start
    target.unlink()
    return took


@dataclass(frozen=True)
class Took:
    """Seconds of a run: by the clock, and of the processors."""

    clock_s: float
    processor_s: float


def customised(packed: Path, wheels: Path, fleet_folder: Path, out: Path) -> Took:
    """How long the command takes."""
    command = [sys.executable, "-m", "firmware_tools", "image", "customise", str(packed), "--sha256", sha256_of(packed)]
    command += ["--fleet", str(fleet_folder), "--device", "shed", "--wheels", str(wheels), "-o", str(out)]
    start, before = time.perf_counter(), spent_s()
    subprocess.run(command, check=True, timeout=1800)
    return Took(time.perf_counter() - start, spent_s() - before)


def spent_s() -> float:
    """Processor time of all that this process has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wheels_in(folder: Path, given: Path | None) -> Path:
    """A folder with all that the stand-in's Python needs."""
    found = gather(Sources(given, None), TARGET, folder)
    wheels = folder / "wheels"
    wheels.mkdir()
    for wheel in found:
        (wheels / wheel.path.name).symlink_to(wheel.path.resolve())
    return wheels


def unpacked_sha256(path: Path) -> str:
    with subprocess.Popen(["zstd", "-q", "-dc", str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        return hashlib.file_digest(process.stdout, "sha256").hexdigest()  # type: ignore[arg-type]  # a pipe will do


def main(argv: list[str]) -> None:
    """Measure, print, and end with one line of JSON."""
    options = parser("image-customise", __doc__ or "")
    options.add_argument("--tar", type=Path, help="root file system of the stand-in; none: made by mmdebstrap, once")
    options.add_argument("--wheels", type=Path, help="folder of wheels for Python 3.13 on aarch64; none: by pip")
    options.add_argument("--cache", type=Path, default=CACHE / "image", help="where the stand-in is kept (%(default)s)")
    options.add_argument("--packed", choices=sorted(PACKERS), default="xz", help="how the image is given (%(default)s)")
    options.add_argument("--times", type=int, default=2, help="how often each is measured (%(default)s)")
    chosen = options.parse_args(argv)
    plain, packed = prepared(chosen.cache, chosen.tar, chosen.packed)
    with tempfile.TemporaryDirectory(dir=chosen.cache) as name:
        figures = measured(Path(name), plain, packed, chosen.wheels, chosen.times)
    rows: list[list[object]] = [[key, value] for key, value in figures.items()]
    show("image customise, on a stand-in for the official image", ["", "measured"], rows, figures)


def measured(work: Path, plain: Path, packed: Path, given: Path | None, times: int) -> Figures:
    """Copy and customise in turns."""
    wheels, members = wheels_in(work, given), fleet_of_one(work / "fleet")
    took, copies, sums = [], [], set()
    for number in range(times):
        copies.append(copied_s(plain, work / "copy"))
        out = work / f"{number}.img"
        took.append(customised(packed, wheels, members, out))
        sums.add(sha256_of(out))
        size = out.stat().st_size
        out.unlink()
    zst = customised(packed, wheels, members, work / "packed.img.zst")
    sums.add(unpacked_sha256(work / "packed.img.zst"))
    best = min(took, key=lambda run: run.clock_s)
    return {
        "seconds": best.clock_s,
        "cpu_seconds": best.processor_s,
        "seconds_zst": zst.clock_s,
        "cpu_seconds_zst": zst.processor_s,
        "copy_seconds": min(copies),
        "ratio": best.clock_s / min(copies),
        "bytes": size,
        "mapped_bytes": read_block_map(work / "0.img.bmap").mapped_bytes,
        "packed_bytes": (work / "packed.img.zst").stat().st_size,
        "same": len(sums) == 1,
        "stand_in": True,
    }
