"""What was taught, on disk: one file for each embedding model, so that none is lost when models are changed."""

import logging
import stat
from pathlib import Path

from edge.contracts.arrays import ArraysError
from edge.contracts.stored import DAMAGED, replace_file
from edge.teaching.kept import LARGEST_BYTES
from edge.teaching.teacher import Teacher

_log = logging.getLogger(__name__)


class TaughtFile:
    """Of one teacher. Wrong content is put aside; a disk that fails says nothing about the content.

    Args:
        folder: where it lies; made when something is written.
        teacher: whose it is.
    """

    def __init__(self, folder: Path, teacher: Teacher) -> None:
        self.path = folder / f"taught-{teacher.model[:16]}.npz"
        self._teacher = teacher
        self._written = teacher.changes
        self.is_read = False  # until then it is not written, for that would lose what it holds

    @property
    def lessons_stored(self) -> bool:
        """Whether it holds every lesson."""
        return self._teacher.changes.lessons == self._written.lessons

    def read(self) -> None:
        """Have the teacher go on where it stopped; a file that is not there, or of no use, is read in no time.

        Raises:
            OSError: it cannot be read now; try again.
        """
        try:
            self._teacher.restore(self._content())
        except FileNotFoundError:
            pass
        except ArraysError as error:
            self._put_aside(error)
        self.is_read, self._written = True, self._teacher.changes

    def write(self) -> None:
        """Have all of it on disk, where anything is new.

        Raises:
            OSError: it holds what it held before.
        """
        changes = self._teacher.changes
        if changes == self._written:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, self._teacher.state())
        self._written = changes

    def _content(self) -> bytes:
        if not stat.S_ISREG(self.path.stat().st_mode):  # a pipe would make us wait for ever
            raise ArraysError("it is no regular file")
        with self.path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)

    def _put_aside(self, error: ArraysError) -> None:
        aside = self.path.with_name(self.path.name + DAMAGED)
        _log.warning("%s is damaged (%s); it is %s now, and teaching begins anew", self.path, error, aside.name)
        try:
            self.path.replace(aside)
        except OSError as failed:
            _log.warning("%s stays where it is: %s", self.path, failed)
