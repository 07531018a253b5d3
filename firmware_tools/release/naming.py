"""What the options of `release` leave out or abbreviate: the kind and name of a file, the place of a broker."""

from pathlib import Path

from edge.contracts.files import NotPlainError, read_plain
from edge.contracts.release import Kind
from edge.contracts.topics import is_topic
from firmware_tools.errors import MistakeError
from firmware_tools.release.serving import BrokerPlace

ENDINGS = {
    ".tflite": Kind.MODEL,
    ".yaml": Kind.CONFIGURATION,
    ".yml": Kind.CONFIGURATION,
    ".raucb": Kind.SYSTEM,
}
FOLDERS = {Kind.MODEL: "models", Kind.CONFIGURATION: "configurations", Kind.SYSTEM: "systems"}
LARGEST_PORT = 65535
MOST_PASSWORD_BYTES = 1 << 16


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


def broker_place(
    address: str, username: str, password_file: Path | None, ca_file: Path | None, prefix: str
) -> BrokerPlace:
    """From options. Raises MistakeError."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= LARGEST_PORT:
        raise MistakeError(f"{address!r} is no address of a broker; write host:port")
    if not is_topic(prefix) or "/" in prefix:
        raise MistakeError(f"{prefix!r} cannot be the first level of topics")
    if ca_file is not None and not ca_file.is_file():
        raise MistakeError(f"{ca_file} is not there; name the authority of the broker's certificate")
    try:
        password = read_plain(password_file, MOST_PASSWORD_BYTES).decode().strip() if password_file else ""
    except (OSError, NotPlainError, UnicodeDecodeError) as error:
        raise MistakeError(f"{password_file} cannot be read: {error}") from error
    return BrokerPlace(host, int(port), username, password, ca_file, prefix)
