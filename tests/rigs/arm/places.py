"""Where the parts of the arm64 system are kept between runs, and how they get there whole or not at all."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

BUILD_S = 1200  # downloads on a slow line
GUEST_TREE, GUEST_DATA, GUEST_OUT = "/foresight", "/data", "/out"


class ArmError(RuntimeError):
    """The system cannot be built or run here: says what is missing and what to do."""


def cache() -> Path:
    """The user's folder for such things; may be removed at any time."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "foresight" / "arm"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """A file of the cache, made where it is absent: beside its place first, then named at once."""
    path = cache() / name
    if not path.exists():
        part = path.with_name(f".{os.getpid()}.{name}")
        try:
            make(part)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return path


def ran(command: Sequence[str | Path], limit_s: float = BUILD_S) -> str:
    """Its standard output; where it fails, the last of what it said. Raises ArmError."""
    words = [str(word) for word in command]
    found = shutil.which(words[0])
    if found is None:
        raise ArmError(f"{words[0]} is not installed: see tests/system_packages.sh")
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise ArmError(f"{' '.join(words[:3])} ... took more than {limit_s:.0f} s") from error
    if done.returncode != 0:
        raise ArmError(f"{' '.join(words[:3])} ... ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
