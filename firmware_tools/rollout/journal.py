"""The records of a roll-out on disk: a line for each turn, there before anything is done because of it.

A line is whole or it never was: what a kill or a loss of power left of the last one is cut off, for nothing was done
because of it. A damaged line before the last is told of, and nothing goes on.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.stored import PRIVATE, sync
from firmware_tools.errors import FirmwareError
from firmware_tools.rollout.records import Event, parsed, written

FILE = "journal.jsonl"
MOST_BYTES = 1 << 30


def read_journal(folder: Path) -> list[Event]:
    """All events so far. Raises FirmwareError."""
    return _read(folder / FILE)[0]


class Journal:
    """Use as a context manager, with the folder locked: reads what there is, and adds to it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self.events, self._length = _read(self._path)

    def __enter__(self) -> Self:
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
            os.ftruncate(self._file, self._length)
            os.lseek(self._file, 0, os.SEEK_END)
            os.fsync(self._file)
            sync(self._path.parent)
        except OSError as error:
            raise self._unwritten(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def add(self, events: Sequence[Event]) -> None:
        """On disk when this returns. Raises FirmwareError: the roll-out goes on from there when there is room."""
        line = memoryview(written(events))
        try:
            while line:
                line = line[os.write(self._file, line) :]
            os.fdatasync(self._file)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> FirmwareError:
        return FirmwareError(f"{self._path} cannot be written: {error.strerror}; make room, then `rollout resume`")


def _read(path: Path) -> tuple[list[Event], int]:
    """The events, and how many bytes of the file they are."""
    try:
        with open_plain(path) as file:
            data = file.read(MOST_BYTES)
    except FileNotFoundError:
        return [], 0
    except (OSError, NotPlainError) as error:
        raise FirmwareError(f"{path} cannot be read: {error}; correct that, then `rollout resume`") from error
    events: list[Event] = []
    length = 0
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            told = parsed(line) if line.endswith(b"\n") else None
        except ValueError as error:
            if length + len(line) < len(data):
                raise FirmwareError(f"{path} is damaged in line {number}; bring it back from a copy") from error
            told = None
        if told is None:
            break
        events.extend(told)
        length += len(line)
    return events, length
