"""Wheels as files of a device: what `python3 -m venv` and `pip install` would make there, always the same bytes."""

import os
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.image.wheel import Wheel
from firmware_tools.image.wheels import Target

HOME = "/opt/foresight"
PYTHON = "/usr/bin/python3"  # of the device
TOOL = b"foresight-firmware\n"


def install(wheels: Sequence[Wheel], root: Path, target: Target) -> None:
    """Make /opt/foresight: an environment of the device's own Python with these wheels in it.

    Args:
        wheels: all that it needs.
        root: a folder that stands for the root of the device.
        target: the device.

    Raises:
        MistakeError: a wheel is damaged, or writes where another does.
        OSError: there is no room.
    """
    home = root / HOME.lstrip("/")
    (home / "bin").mkdir(parents=True)
    for name in ("python", "python3", f"python{target.version}"):
        (home / "bin" / name).symlink_to(PYTHON if name == "python" else "python")
    (home / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {target.version}\nexecutable = {PYTHON}\n"
    )
    for wheel in wheels:
        _unpack(wheel, root, target)
    settle(root / HOME.split("/")[1])


def settle(folder: Path) -> None:
    """Give all in a folder the modes that they have for everybody, whatever the umask is."""
    for above, folders, files in os.walk(folder):
        Path(above).chmod(0o755)
        for path in (Path(above) / name for name in (*files, *folders)):
            if path.is_file() and not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _unpack(wheel: Wheel, root: Path, target: Target) -> None:
    """Hold a wheel against its own RECORD, then unpack it."""
    from installer import install as unpack  # noqa: PLC0415 - of the extra `firmware`
    from installer.destinations import SchemeDictionaryDestination  # noqa: PLC0415
    from installer.exceptions import InstallerError  # noqa: PLC0415
    from installer.sources import WheelFile  # noqa: PLC0415

    packages = f"{HOME}/lib/python{target.version}/site-packages"
    places = {
        "purelib": packages,
        "platlib": packages,
        "scripts": f"{HOME}/bin",
        "headers": f"{HOME}/include",
        "data": HOME,
    }
    try:
        with WheelFile.open(wheel.path) as source:
            source.validate_record()
            there = SchemeDictionaryDestination(places, f"{HOME}/bin/python", "posix", destdir=str(root))
            unpack(source, there, {"INSTALLER": TOOL})
    except (InstallerError, zipfile.BadZipFile, FileExistsError, ValueError, AssertionError, KeyError) as error:
        raise MistakeError(f"{wheel.path} cannot be unpacked: {error}; fetch it anew") from error
