"""Where wheels come from: a folder that is given, what was fetched before, or the package index, by pip.

The project's own is built from the checkout that this runs from, where it is one.
"""

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from edge import __version__
from firmware_tools.errors import MistakeError
from firmware_tools.image.programs import run_in
from firmware_tools.image.wheel import Wheel, read_wheel
from firmware_tools.image.wheels import PROJECT, Target, closure, fitting, own_wheel, refuse_missing

CHECKOUT = Path(__file__).resolve().parents[2]
QUIET = ("--disable-pip-version-check", "--no-input", "--quiet")


@dataclass(frozen=True)
class Sources:
    """Where to look.

    Attributes:
        folder: of wheels, where nothing is to be fetched; None: fetch what is missing.
        own: the project's wheel; None: that of the folder, else built from the checkout, else fetched.
    """

    folder: Path | None
    own: Path | None


def gather(sources: Sources, target: Target, workplace: Path) -> tuple[Wheel, ...]:
    """The project's wheel and all that it needs there.

    Args:
        sources: where to look.
        target: where they run.
        workplace: a private folder for what is built.

    Raises:
        MistakeError: something is missing, or damaged.
        FirmwareError: pip failed.
    """
    if sources.folder is not None and not sources.folder.is_dir():
        raise MistakeError(f"{sources.folder} is no folder of wheels; name one, or leave --wheels out")
    folder = sources.folder or _cache(target)
    there = fitting([folder], target)
    own = _own(sources, there, workplace)
    if own is not None:
        found, missing = closure(own, there, target)
        if not missing:
            return found
        if sources.folder is not None:
            refuse_missing(missing, target, str(sources.folder))
    _fetch(str(own.path) if own else f"{PROJECT}=={__version__}", target, folder)
    there = fitting([folder], target)
    own = own or own_wheel(there)
    if own is None:
        raise MistakeError(f"the package index has no {PROJECT} {__version__}; give its wheel with --wheel")
    found, missing = closure(own, there, target)
    refuse_missing(missing, target, str(folder))
    return found


def _own(sources: Sources, there: list[Wheel], workplace: Path) -> Wheel | None:
    if sources.own is not None:
        given = read_wheel(sources.own)
        if given.name != PROJECT:
            raise MistakeError(f"{sources.own} is a wheel of {given.name}; --wheel wants one of {PROJECT}")
        return given
    if sources.folder is not None and (found := own_wheel(there)):
        return found
    if (CHECKOUT / "pyproject.toml").is_file() and importlib.util.find_spec("hatchling"):
        return _built(workplace / "own")
    if sources.folder is not None:
        raise MistakeError(f"{sources.folder} holds no wheel of {PROJECT}; put it there, or give it with --wheel")
    return None


def _built(folder: Path) -> Wheel:
    """The checkout as a wheel; hatchling makes the same bytes of the same files."""
    code = (
        f"import os; os.chdir({str(CHECKOUT)!r}); from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    )
    folder.mkdir(mode=0o700)
    run_in((sys.executable, "-c", code), {**os.environ, "SOURCE_DATE_EPOCH": "1580601600"})
    return read_wheel(next(folder.glob("*.whl")))


def _fetch(wanted: str, target: Target, folder: Path) -> None:
    if not importlib.util.find_spec("pip"):
        raise MistakeError("wheels must be fetched, and this Python has no pip; give a folder of them with --wheels")
    where = [part for platform in target.platforms for part in ("--platform", platform)]
    run_in(
        (
            *(sys.executable, "-m", "pip", "download", *QUIET, "--only-binary", ":all:", "--implementation", "cp"),
            *("--python-version", target.version, *where, "--dest", str(folder), wanted),
        ),
        os.environ,
    )


def _cache(target: Target) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "foresight" / "wheels" / f"cp3{target.python}-glibc2.{target.glibc}-aarch64"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
