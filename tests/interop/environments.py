"""Environments of other readers: one folder of packages each, made once and kept."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALL_S, MAKE_S, ASK_S = 900, 180, 20
HERE = Path(__file__).resolve().parent
READY = "ready"


class UnavailableError(Exception):
    """An environment cannot be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One reader: its packages, exactly, the newest Python they are made for, and the program that uses them."""

    name: str
    packages: tuple[str, ...]
    newest: tuple[int, int]
    program: Path
    own_kernels: bool  # computes quantised models otherwise than LiteRT


ENVIRONMENTS = (
    Environment(
        "mediapipe", ("mediapipe==1.2.2",), (3, 13), HERE / "foreign" / "mediapipe_reader.py", own_kernels=False
    ),
    Environment(
        "tflite-runtime",
        ("tflite-runtime==2.14.0", "numpy<2"),
        (3, 11),
        HERE / "foreign" / "tflite_runtime_reader.py",
        own_kernels=True,  # without XNNPACK
    ),
)


def python_of(environment: Environment, root: Path) -> Path:
    """The Python of an environment, which is made where it is not there yet.

    Raises:
        UnavailableError: there is no Python for it, or its packages cannot be installed.
    """
    folder = root / environment.name
    python, ready = folder / "bin" / "python", folder / READY
    wanted = "\n".join(environment.packages)
    if not (ready.is_file() and ready.read_text() == wanted and python.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _ran(environment, [find_python(environment.newest), "-m", "venv", str(folder)], MAKE_S)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        _ran(environment, [*pip, *environment.packages], INSTALL_S)
        ready.write_text(wanted)
    return python


def find_python(newest: tuple[int, int]) -> str:
    """A Python not newer than that, and at least 3.9: our own, or one on the PATH.

    Raises:
        UnavailableError: there is none.
    """
    if sys.version_info[:2] <= newest:
        return sys.executable
    names = [f"python3.{minor}" for minor in range(newest[1], 8, -1)]
    for name in names:
        found = shutil.which(name)
        if found and _runs(found):
            return found
    raise UnavailableError(f"it needs Python {newest[0]}.{newest[1]} or older, and none of {', '.join(names)} is here")


def _runs(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", ""], check=False, timeout=ASK_S, capture_output=True).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _ran(environment: Environment, command: list[str], limit_s: float) -> None:
    packages = " ".join(environment.packages)
    try:
        done = subprocess.run(command, check=False, timeout=limit_s, capture_output=True, text=True)
    except subprocess.TimeoutExpired as error:
        said = f"{packages}: installing took longer than {limit_s:.0f} s; is there a network?"
        raise UnavailableError(said) from error
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        told = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "no reason")
        raise UnavailableError(f"{packages} cannot be installed: {told}")
