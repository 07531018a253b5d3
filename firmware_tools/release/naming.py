"""What the options of `release` leave out or abbreviate: the kind and name of a file."""

from pathlib import Path

from edge.contracts.release import Kind
from firmware_tools.errors import MistakeError

ENDINGS = {
    ".tflite": Kind.MODEL,
    ".yaml": Kind.CONFIGURATION,
    ".yml": Kind.CONFIGURATION,
    ".raucb": Kind.SYSTEM,
}
FOLDERS = {Kind.MODEL: "models", Kind.CONFIGURATION: "configurations", Kind.SYSTEM: "systems"}


def kind_of(file: Path, named: str) -> Kind:
    """By its name, or else by the file's ending. Raises MistakeError."""
    kinds = ", ".join(Kind)
    if named:
        if named not in set(Kind):
            raise MistakeError(f"{named!r} is no kind; there are {kinds}")
        return Kind(named)
    if file.suffix not in ENDINGS:
        raise MistakeError(f"what {file} is cannot be told by its name; say --kind {kinds}")
    return ENDINGS[file.suffix]


def name_of(file: Path, kind: Kind) -> str:
    """For devices: the file's name below a folder of its kind."""
    return f"{FOLDERS[kind]}/{file.name}"
