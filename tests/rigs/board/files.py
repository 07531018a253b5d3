"""Files into ext4 file systems of images, without root and without mounting anything."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.programs import program


@dataclass(frozen=True, slots=True)
class File:
    """What a file is to be; root's own."""

    data: bytes
    mode: int = 0o644
    utc_s: int = 0  # when it was changed last


def put(image: Path, offset: int, files: Mapping[str, File], work: Path) -> None:
    """Write files, in the place of what is there; folders are made.

    Args:
        image: raw, or of one file system; changed.
        offset: of the file system in it, in bytes.
        files: by path, without the first slash.
        work: a folder for what is on its way.
    """
    work.mkdir(parents=True, exist_ok=True)
    folders = {str(parent) for name in files for parent in Path(name).parents if str(parent) != "."}
    lines = [f"mkdir /{folder}" for folder in sorted(folders)]
    for number, (name, file) in enumerate(sorted(files.items())):
        (work / str(number)).write_bytes(file.data)
        lines += [f"rm /{name}", f"write {work / str(number)} /{name}", f"sif /{name} mode 0{0o100000 | file.mode:o}"]
        lines += [f"sif /{name} {key} 0" for key in ("uid", "gid")]
        lines += [f"sif /{name} mtime @{file.utc_s}"] if file.utc_s else []
    script = work / "script"
    script.write_text("\n".join(lines) + "\n")
    whole = f"{image}?offset={offset}" if offset else str(image)
    command = [program("debugfs", "e2fsprogs"), "-w", "-f", str(script), whole]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def copied(image: Path, to: Path) -> Path:
    """A copy of an image, with its holes."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(image), str(to)], check=True, timeout=300)
    return to
