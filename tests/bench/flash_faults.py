"""`flash-faults`: faults of cards that flashing sees, alarms that are none, and its speed beside `dd` and `cmp`.

The faults are of real block devices (nbdkit's Python plugin, nbdfuse, a loop device); only the medium is a stand-in.
The speed is measured twice: on a disk held to what the bus of an SD card gives (UHS-I: 104 MB/s, each way), which is
`ratio_to_dd`; and on a bare loop device, which is as fast as this machine's memory, where the sums
count. Both have the image written with direct input and output in pieces of 4 MiB and settled, and read back from the
device; `dd` and `cmp` are given the same image, warm in the page cache, in turns with ours.
"""

import itertools
import os
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

from firmware_tools.flash.card import opened_card
from firmware_tools.flash.choosing import Wish, choose
from firmware_tools.flash.disks import Roots
from firmware_tools.flash.flashing import flash
from firmware_tools.flash.image import Image, look_at
from tests.bench.report import parser, show
from tests.programs import program
from tests.rigs.flashing.disks import limited_disk
from tests.rigs.flashing.images import MIB, disk_image
from tests.rigs.flashing.series import FAULTS, Outcome, outcomes
from tests.rigs.nbd.serving import loop

UHS_BYTES_PER_S = 104_000_000


def main(argv: list[str]) -> None:
    """Run the series and the races."""
    options = parser("flash-faults", __doc__ or "")
    options.add_argument("--faults", type=int, default=200, help="injected (%(default)s)")
    options.add_argument("--clean", type=int, default=50, help="runs without one (%(default)s)")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--mib", type=int, default=192, help="of the image that is timed (%(default)s)")
    options.add_argument("--rounds", type=int, default=5, help="of each, in turns; the median counts (%(default)s)")
    given = options.parse_args(argv)
    names = list(itertools.islice(itertools.cycle(FAULTS), given.faults))
    faulty = list(outcomes(names, given.seed))
    clean = list(outcomes([""] * given.clean, given.seed + 1))
    injected = [outcome for outcome in faulty if outcome.times]
    detected = [outcome for outcome in injected if outcome.card_error]
    false_alarms = [outcome for outcome in clean if outcome.error or not outcome.right]
    with tempfile.TemporaryDirectory() as folder:
        image, card = _image(Path(folder), given.mib), Path(folder) / "card"
        card.write_bytes(bytes((given.mib + 16) * MIB))  # no holes, so that every write finds its place
        with limited_disk(Path(folder), card, UHS_BYTES_PER_S) as device:
            limited = _race(image, device, min(given.rounds, 3))
        with loop(card) as device:
            bare = _race(image, device, given.rounds)
    _show(faulty, injected, detected)
    figures = {
        "injected": len(injected),
        "detected": len(detected),
        "false_alarms": len(false_alarms),
        "ratio_to_dd": round(limited.ratio, 3),
        "ratio_to_dd_bare_loop": round(bare.ratio, 3),
        "clean_runs": len(clean),
        "half_booting": sum(outcome.boots for outcome in injected),
        "faults_that_never_happened": len(faulty) - len(injected),
    }
    rows = [["SD bus, 104 MB/s", *limited.row()], ["bare loop device", *bare.row()]]
    show("flash-faults: image written and read back, MB/s", ["device", "ours", "dd + cmp", "ratio"], rows, figures)


class _Race:
    """Median speeds of ours and of dd with cmp."""

    def __init__(self, size: int, ours_s: list[float], dd_s: list[float]) -> None:
        self._size, self._ours_s, self._dd_s = size, median(ours_s), median(dd_s)

    @property
    def ratio(self) -> float:
        return self._dd_s / self._ours_s

    def row(self) -> list[object]:
        return [self._size / self._ours_s / 1e6, self._size / self._dd_s / 1e6, self.ratio]


def _image(folder: Path, mib: int) -> Image:
    path = folder / "a.img"
    path.write_bytes(disk_image(1, mib * MIB))
    return look_at(path, None)


def _race(image: Image, device: str, rounds: int) -> _Race:
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(_timed(lambda: _flash(image, device)))
        theirs.append(_timed(lambda: _dd_and_cmp(image.path, device)))
    return _Race(image.file_bytes, ours, theirs)


def _flash(image: Image, device: str) -> None:
    with opened_card(choose(device, Roots(), Wish(virtual=True)), Roots()) as card:
        flash(image, card, lambda *_what: None)


def _dd_and_cmp(image: Path, device: str) -> None:
    flags = ["bs=4M", "oflag=direct", "conv=fsync", "status=none"]
    subprocess.run([program("dd", "coreutils"), f"if={image}", f"of={device}", *flags], check=True)
    subprocess.run([program("blockdev", "util-linux"), "--flushbufs", device], check=True)
    size = str(image.stat().st_size)
    subprocess.run([program("cmp", "diffutils"), "--bytes", size, str(image), device], check=True)


def _timed(work: Callable[[], None]) -> float:
    os.sync()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _show(faulty: list[Outcome], injected: list[Outcome], detected: list[Outcome]) -> None:
    columns = [Counter(outcome.name for outcome in group) for group in (faulty, injected, detected)]
    for name in FAULTS:
        print(f"{name:26}" + "".join(f"{column[name]:6}" for column in columns))
    for outcome in injected:
        if not outcome.card_error or outcome.boots:
            print("NOT SEEN" if not outcome.card_error else "BOOTS", outcome)
