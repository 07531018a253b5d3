"""What the daemon keeps on disk beside its events: small JSON values, each with the version of its form.

A file is replaced as a whole or not at all, whenever the power fails. One that is damaged is put aside and told of; one
that a newer Foresight wrote is refused, for it may say what this one does not understand.
"""

import json
import logging
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, cast

from edge.contracts.errors import EdgeError
from edge.contracts.files import move_aside, open_plain

MAX_BYTES = 1 << 20
DAMAGED, NEWER, BACKUP = ".damaged", ".newer", ".before-v{version}"
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Upgrade = Callable[[Json], Json]  # of one form into the next
_log = logging.getLogger(__name__)


class StateError(EdgeError):
    """What is kept on disk is of a newer form."""


class Stored:
    """One value in one file.

    Args:
        path: of the file; its folder is made when something is written.
        upgrades: of form 1 into 2, of 2 into 3, ...; the present form is the one after the last.
        limit_bytes: a larger file is held to be damaged.
    """

    def __init__(self, path: Path, upgrades: Sequence[Upgrade] = (), limit_bytes: int = MAX_BYTES) -> None:
        self._path, self._upgrades, self._limit_bytes = path, tuple(upgrades), limit_bytes

    @property
    def version(self) -> int:
        """Of the present form."""
        return len(self._upgrades) + 1

    def read(self) -> Json:
        """The value in its present form; None where there is none, or none that can be read.

        Raises:
            StateError: a newer Foresight wrote it.
        """
        try:
            return self.read_or_raise()
        except OSError as error:
            _log.warning("%s cannot be read: %s; going on without what it holds", self._path, error)
            return None

    def read_or_raise(self) -> Json:
        """The same of a value without which nothing is to go on while it is there.

        Raises:
            StateError: a newer Foresight wrote it.
            OSError: it is there and cannot be read now; nothing was changed.
        """
        try:
            data, version, value = self._found()
        except FileNotFoundError:
            return None
        except ValueError as error:
            self.put_aside(error)
            return None
        return value if version == self.version else self._kept(data, self._upgraded(version, value))

    def read_only(self) -> Json:
        """The same for whoever only looks: nothing on disk is changed, whatever it holds.

        Raises:
            StateError: a newer Foresight wrote it.
            ValueError: it is damaged; the words say how.
            OSError: it is there and cannot be read now.
        """
        try:
            _, version, value = self._found()
        except FileNotFoundError:
            return None
        return self._upgraded(version, value)

    def read_regained(self) -> Json:
        """The same of a value that comes by itself again: one of a newer form is put aside as well."""
        try:
            return self.read()
        except StateError as error:
            self.put_aside(error, NEWER)
            return None

    def write(self, value: Json) -> None:
        """Replace the value, on disk when this returns.

        Raises:
            OSError: it is as it was; the disk is full or cannot be written, say.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps({"version": self.version, "value": value}, indent=1).encode())

    def put_aside(self, error: Exception, ending: str = DAMAGED) -> None:
        """Move the file away, for it cannot be used: `error` says why."""
        aside = self._path.with_name(self._path.name + ending)
        what = f"{self._path} is damaged" if ending == DAMAGED else f"{self._path} is not used"
        _log.warning("%s (%s); it is %s now, and what it held is begun anew", what, error, aside.name)
        try:
            move_aside(self._path, aside)
        except OSError as failed:
            _log.warning("%s stays where it is: %s", self._path, failed)

    def _found(self) -> tuple[bytes, int, Json]:
        """What the file holds, its form, and the value in that form. Raises as `read_only`, and FileNotFoundError."""
        with open_plain(self._path) as file:
            data = file.read(self._limit_bytes + 1)
        version, value = _opened(data, self._limit_bytes)
        if version > self.version:
            raise StateError(
                f"{self._path}: a newer Foresight wrote it (form {version}, known here: {self.version}); install that "
                "one again, or move the file away to begin without what it holds"
            )
        return data, version, value

    def _upgraded(self, version: int, value: Json) -> Json:
        for upgrade in self._upgrades[version - 1 :]:
            value = upgrade(value)
        return value

    def _kept(self, data: bytes, value: Json) -> Json:
        """Have the present form on disk, and a copy of the old one beside it."""
        try:
            replace_file(self._path.with_name(self._path.name + BACKUP.format(version=self.version)), data)
            self.write(value)
        except OSError as error:
            _log.warning("%s stays in its old form on disk: %s", self._path, error)
        return value


def texts(value: Json) -> list[str]:
    """The texts of a list that was kept; none of what is no list, or no text."""
    several = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return [one for one in several if isinstance(one, str)]


PRIVATE, PUBLIC = 0o600, 0o644


def replace_file(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Make `data` the content of a file: after a loss of power it holds either all of it or what it held before.

    The file is its owner's alone unless `mode` says otherwise.

    Raises:
        OSError: it holds what it held before; only where the folder cannot be synchronised, `data`, if power lasts.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    sync(path.parent)  # else the name itself may be lost


def sync(path: Path) -> None:
    """Have a file's content, or the names in a folder, on disk when this returns. Raises OSError."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _opened(data: bytes, limit_bytes: int) -> tuple[int, Json]:
    """Version and value of a file's content. Raises ValueError where it is none of ours."""
    if len(data) > limit_bytes:
        raise ValueError(f"more than {limit_bytes} bytes")
    try:
        told = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    version = told.get("version") if isinstance(told, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1 or "value" not in told:
        raise ValueError("no version and value")
    return version, cast("Json", told["value"])
