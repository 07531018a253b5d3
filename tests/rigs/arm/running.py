"""Commands run by an emulated processor, in namespaces of their own: nothing of this machine is changed.

Mounts, the registration of the emulator with the kernel, processes and the network of the guest live in namespaces,
and are gone with the last process in them, which `unshare --kill-child` ends with the first.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import patience
from tests.paths import DATA, REPOSITORY
from tests.rigs.arm import building
from tests.rigs.arm.places import GUEST_DATA, GUEST_OUT, GUEST_TREE, ArmError, ran

CPUS = ("cortex-a53", "cortex-a72", "cortex-a76")  # Raspberry Pi 3 and Zero 2 W, Pi 4, Pi 5
INSIDE = Path(__file__).with_name("inside.py")
NAMESPACES = ["--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"]
PATIENCE = "30"  # emulated, and beside others
PROBE_S, UNPACK_S = 60.0, 300.0


@dataclass(frozen=True)
class Guest:
    """An unpacked system."""

    root: Path
    emulator: Path
    out: Path  # what commands write into `GUEST_OUT` is here
    tree: Path = REPOSITORY
    data: Path = DATA
    hidden: tuple[str, ...] = ()  # FROM=TO: what else is laid over the guest's own

    def command(self, words: Sequence[str]) -> list[str]:
        """What runs these words inside, no longer than we live ourselves."""
        shown = [f"{self.tree}={GUEST_TREE}", f"{self.out}={GUEST_OUT}+"]
        if self.data.is_dir():
            shown.append(f"{self.data}={GUEST_DATA}")
        shown += self.hidden
        entry = [sys.executable, "-I", str(INSIDE), str(self.root), str(self.emulator), *shown]
        return ["setpriv", "--pdeathsig", "KILL", "--", "unshare", *NAMESPACES, *entry, "--", *words]

    def run(self, words: Sequence[str], cpu: str, limit_s: float) -> subprocess.CompletedProcess[str]:
        """Run to the end, at most so long. Raises subprocess.TimeoutExpired, and all of it is gone."""
        return subprocess.run(
            self.command(words), env=environment(cpu), capture_output=True, text=True, timeout=limit_s, check=False
        )


def environment(cpu: str) -> Mapping[str, str]:
    """Of a process inside; the emulator too reads it."""
    return {
        "FORESIGHT_DATA": GUEST_DATA,
        patience.VARIABLE: os.environ.get(patience.VARIABLE, PATIENCE),
        "HOME": "/root",
        "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/examples",  # the tree is read-only
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "PYTHONPATH": GUEST_TREE,
        "PYTHONPYCACHEPREFIX": "/tmp/compiled",
        "QEMU_CPU": cpu,
    }


def absent() -> str:
    """Why no guest can be run here, or nothing."""
    if os.uname().machine != "x86_64":
        return "the comparison is with x86-64, and this is another machine"
    if sys.version_info[:2] != building.PYTHON:
        return f"the guest's Python is {building.PYTHON}: its wheels are chosen by the same one, and this is another"
    for program, package in (("mmdebstrap", "mmdebstrap"), ("unshare", "util-linux"), ("setpriv", "util-linux")):
        if shutil.which(program) is None:
            return f"{program} is not installed (package {package})"
    inside = "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc && test -w /proc/sys/fs/binfmt_misc/register"
    probe = ["unshare", *NAMESPACES, "sh", "-c", inside]
    done = subprocess.run(probe, capture_output=True, text=True, timeout=PROBE_S, check=False)
    if done.returncode != 0:
        return f"no binfmt_misc in a user namespace (Linux 6.7 or newer): {done.stderr.strip()[-200:]}"
    return ""


@contextmanager
def guest(out: Path, tree: Path = REPOSITORY, data: Path = DATA) -> Iterator[Guest]:
    """A system, unpacked for so long as it is needed. Raises ArmError."""
    if reason := absent():
        raise ArmError(reason)
    emulator, archive = building.emulator(), building.system()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="foresight-arm-") as folder:
        ran(["tar", "-C", folder, "--no-same-owner", "--exclude=./dev/*", "-xf", archive], UNPACK_S)
        yield Guest(Path(folder), emulator, out.resolve(), tree, data)
