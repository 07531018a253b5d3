"""Label files: one label per line, or `0 person` / `0:person` with holes. A hole's label is ""."""

import errno
import re
from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError

MAX_BYTES = 1 << 20
MAX_LABELS = 1 << 16
MAX_LENGTH = 256
PLACEHOLDERS = frozenset({"???", "n/a", "N/A"})

_NUMBERED = re.compile(r"(\d{1,9})(?:\s*:\s*|\s+)(\S.*)")


def parse_labels(data: bytes) -> tuple[str, ...]:
    """Labels by class index.

    The numbered form is taken where every line that is not blank has a number, and no number comes twice; otherwise
    a line's place is its class ("3 dogs" among unnumbered lines is a label).

    Raises:
        MalformedError: too large, not UTF-8, or a number that is out of all proportion.
    """
    if len(data) > MAX_BYTES:
        raise MalformedError(f"its label file has {len(data)} bytes, more than {MAX_BYTES}")
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise MalformedError(f"its label file is no UTF-8 text: {error.reason} at byte {error.start}") from error
    if len(lines) > MAX_LABELS or any(len(line) > MAX_LENGTH for line in lines):
        raise MalformedError(
            f"its label file has more than {MAX_LABELS} lines, or one of more than {MAX_LENGTH} letters"
        )
    return tuple("" if label in PLACEHOLDERS else label for label in _by_index(lines))


def read_labels(path: Path) -> tuple[str, ...]:
    """Labels of a file that the configuration names.

    Raises:
        ModelError: it cannot be read, or is no label file.
    """
    try:
        if not path.is_file():  # a pipe would make us wait for ever
            raise FileNotFoundError(errno.ENOENT, "there is no such regular file")
        with path.open("rb") as file:
            return parse_labels(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ModelError(
            f"the label file {path} cannot be read: {error.strerror}; correct its path or its permissions"
        ) from error
    except MalformedError as error:
        raise ModelError(f"{path}: {error}; give a text file with one label per line") from error


def fit_labels(labels: tuple[str, ...], classes: int) -> tuple[str, ...]:
    """The labels for a model with so many classes, 0 = unknown.

    A label file with holes (COCO's 91 numbers for 80 objects) fits a model that counts the named ones only.

    Raises:
        ModelError: the numbers do not agree.
    """
    if not labels or not classes or len(labels) == classes:
        return labels
    named = tuple(label for label in labels if label)
    if len(named) == classes:
        return named
    raise ModelError(
        f"the model tells {classes} classes apart and the label file names {len(named)} ({len(labels)} with holes); "
        "give the label file that the model was trained with"
    )


def _by_index(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    matches = [_NUMBERED.fullmatch(line) for line in lines if line]
    numbered = {int(match[1]): match[2] for match in matches if match}
    if not matches or len(numbered) != len(matches):
        return lines
    if max(numbered) >= MAX_LABELS:
        raise MalformedError(f"its label file numbers a class {max(numbered)}, beyond {MAX_LABELS - 1}")
    return [numbered.get(index, "") for index in range(max(numbered) + 1)]
