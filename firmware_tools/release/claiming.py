"""`release init` as a whole or not at all: what it has made goes where it fails, what was there before stays."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.release.repository import Repository


@contextmanager
def claimed(repository: Repository) -> Iterator[ExitStack]:
    """Begin a repository; where the block raises, what is in the stack is called and the repository is gone.

    Raises:
        MistakeError: another is begun there, or was broken off by a failure of the machine.
        OSError: it cannot be written.
    """
    with ExitStack() as undone:
        make_folder(repository.home, undone)
        try:
            repository.staged.mkdir()  # by one command only
        except FileExistsError as error:
            raise MistakeError(
                f"{repository.staged} is of another release init, running or broken off; if broken off, remove it "
                "and the keys that were made"
            ) from error
        undone.callback(shutil.rmtree, repository.staged, ignore_errors=True)
        undone.callback(shutil.rmtree, repository.public, ignore_errors=True)
        for path in (repository.lifetimes, repository.trust_root, repository.home / "lock"):
            if not path.exists():
                undone.callback(path.unlink, missing_ok=True)
        yield undone
        undone.pop_all()


def make_folder(folder: Path, undone: ExitStack, mode: int = 0o777) -> None:
    """Make it and what it lies in; undone, those that were made go where they are empty. Raises OSError."""
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(mode, exist_ok=True)
        undone.callback(_remove_empty, missing)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
