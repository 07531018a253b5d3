"""Archives imported as the command does it, and what lies there afterwards."""

import io
from pathlib import Path

from rich.console import Console

from trainer.data.importing.command import import_archive


def run(archive: Path, trust: str, out: Path) -> str:
    """Import; what is said."""
    said = io.StringIO()
    import_archive(archive, trust, out, Console(file=said, width=400))
    return said.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
