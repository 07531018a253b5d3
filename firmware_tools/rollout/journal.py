"""The records of a roll-out on disk: a line for each turn, there before anything is done because of it.

A line is whole or it never was: what a kill or a loss of power left of the last one is cut off, for nothing was done
because of it: it has no end, or zeros in it. The first line is there before the plan is, so a journal that is missing,
or without a whole line, is as damaged as one with any other line that says nothing. That is told, and nothing goes on.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.stored import replace_file, sync
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.rollout.records import Event, Time, parsed, written

FILE = "journal.jsonl"
MOST_BYTES = 1 << 30
FIRST = (Time(at_s=0.0, utc_s=0.0),)  # nothing has happened, and no run was before


def begin_journal(folder: Path) -> None:
    """Have a journal in which nothing has happened; it is begun before there is a plan.

    Raises:
        MistakeError: one in which something has happened is there, or a damaged one.
        FirmwareError: it cannot be written.
    """
    path = folder / FILE
    if path.exists() and _read(path)[0] != [*FIRST]:
        raise MistakeError(f"{path} is there without its plan; bring that back from a copy, or move {folder} away")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, written(FIRST))
    except OSError as error:
        raise FirmwareError(f"{path} cannot be written: {error.strerror}; make room") from error


def read_journal(folder: Path) -> list[Event]:
    """All events so far. Raises MistakeError: it is damaged, or cannot be read."""
    return _read(folder / FILE)[0]


class Journal:
    """Use as a context manager, with the folder locked: reads what there is, and adds to it.

    Raises:
        MistakeError: it is damaged, or cannot be read; nothing was changed.
        FirmwareError: it cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self.events, self._length = _read(self._path)

    def __enter__(self) -> Self:
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
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
    data = _bytes_of(path)
    *lines, _torn = data.split(b"\n")
    events: list[Event] = []
    length = 0
    for number, line in enumerate(lines, 1):
        try:
            events.extend(parsed(line))
        except ValueError as error:
            if number > 1 and b"\0" in line and length + len(line) + 1 == len(data):
                break  # what a loss of power kept from the disk is read as zeros
            raise MistakeError(f"{path} is damaged in line {number}; {_remedy(path)}") from error
        length += len(line) + 1
    if not events:
        raise MistakeError(f"{path} is damaged in line 1: no record is whole; {_remedy(path)}")
    return events, length


def _bytes_of(path: Path) -> bytes:
    try:
        with open_plain(path) as file:
            return file.read(MOST_BYTES)
    except FileNotFoundError as error:
        raise MistakeError(f"{path} is missing, so nobody knows who was asked; {_remedy(path)}") from error
    except (OSError, NotPlainError) as error:
        raise MistakeError(f"{path} cannot be read: {error}; correct that, then `rollout resume`") from error


def _remedy(path: Path) -> str:
    return f"bring it back from a copy, or move the folder {path.parent} away to be without this roll-out"
