"""A program that stands in for ALSA's `arecord`: it takes the same options and plays a tone."""

import os
import sys
from pathlib import Path

import pytest

PROGRAM = """#!{python}
import math, os, struct, sys, time
from pathlib import Path
options = dict(zip(sys.argv[1:], sys.argv[2:]))
here = Path(__file__).parent
with (here / "asked").open("a") as asked:
    asked.write(" ".join(sys.argv[1:]) + "\\n")
(here / "pid").write_text(str(os.getpid()))
if (here / "unplugged").exists():
    sys.exit("arecord: main:831: audio open error: No such file or directory")
rate, sent = int(options["--rate"]), 0
while True:
    if (here / "mute").exists():
        time.sleep(0.01)
        continue
    if (here / "unplugged").exists():
        sys.exit("arecord: pcm_read:2221: read error: No such device")
    block = range(sent, sent + rate // 20)
    samples = [round(16384 * math.sin(2 * math.pi * 400 * n / rate)) for n in block]
    os.write(1, struct.pack(f"<{{len(samples)}}h", *samples)[: -1 if sent == 0 else None])
    if sent == 0:
        os.write(1, struct.pack("<h", samples[-1])[1:])
    sent += len(block)
    time.sleep(0.01)
"""


class StandIn:
    """The device: plugged in or not, muted or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        program = folder / "arecord"
        program.write_text(PROGRAM.format(python=sys.executable))
        program.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """The options of each start."""
        path = self._folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def running(self) -> bool:
        """Whether the last one that was started still runs."""
        try:
            os.kill(int((self._folder / "pid").read_text()), 0)
        except ProcessLookupError:
            return False
        return True

    def switch(self, what: str, on: bool) -> None:
        """`unplugged` or `mute`."""
        path = self._folder / what
        path.touch() if on else path.unlink(missing_ok=True)


def stand_in(folder: Path, patch: pytest.MonkeyPatch) -> StandIn:
    """The program, first on the path."""
    folder.mkdir(exist_ok=True)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return StandIn(folder)
