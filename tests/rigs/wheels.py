"""Tiny wheels, and a folder of them that is all a device needs."""

import base64
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

ANY = "py3-none-any"
BOARD = "cp313-cp313-manylinux_2_28_aarch64"


def wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, bytes],
    tag: str = ANY,
    requires: Sequence[str] = (),
    entries: str = "",
) -> Path:
    """A wheel with these files, as its RECORD says."""
    folder.mkdir(parents=True, exist_ok=True)
    path, info = folder / f"{name}-{version}-{tag}.whl", f"{name}-{version}.dist-info"
    parse_wheel_filename(path.name)
    asked = "".join(f"Requires-Dist: {line}\n" for line in requires)
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: MIT\n{asked}\n"
    held = {
        **files,
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        **({f"{info}/entry_points.txt": entries.encode()} if entries else {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in held.items():
            archive.writestr(zipfile.ZipInfo(file, (2026, 1, 1, 0, 0, 0)), data)
        lines = [f"{file},sha256={digest(data)},{len(data)}" for file, data in held.items()]
        archive.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,", ""]))
    return path


def digest(data: bytes) -> str:
    """As RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def board_wheels(folder: Path) -> Path:
    """All that a stand-in of the daemon needs on a board, and what must not be taken for it."""
    main = b"def main():\n    print('foresight 9.9')\n"
    entries = "[console_scripts]\nforesight = edge.__main__:main\n"
    needs = ["native>=2", "absent; python_version < '3.12'", "other; platform_machine == 'x86_64'"]
    files = {"edge/__init__.py": b"", "edge/__main__.py": main, "edge/odd name.txt": b"odd"}
    wheel(folder, "foresight_edge", "9.9", files, requires=needs, entries=entries)
    wheel(folder, "native", "2.1", {"native/core.so": b"\x7fELF board"}, tag=BOARD)
    wheel(folder, "native", "2.2", {"native/core.so": b"\x7fELF desk"}, tag="cp313-cp313-manylinux_2_28_x86_64")
    wheel(folder, "native", "1.0", {"native/core.so": b"\x7fELF old"}, tag=BOARD)
    return folder
