"""The broker of a fleet, and who we are there: a host of the fleet by its certificate, or a name and a password."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from edge.contracts.files import NotPlainError, read_plain
from edge.contracts.topics import ROOT, is_topic
from firmware_tools.errors import MistakeError
from firmware_tools.identity.delivery import folder_of
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.members import HOST_CA, HOST_CERTIFICATE, HOST_KEY
from firmware_tools.identity.records import Name, Record, checked

LARGEST_PORT = 65535
MOST_PASSWORD_BYTES = 1 << 16
PLAIN_ADDRESS = "localhost:1883"  # where nothing else is said


class PasswordAccess(Record):
    """To a broker that knows us by name and password, or asks for none."""

    kind: Literal["password"] = "password"
    address: str = Field(description="host:port")
    username: str = ""
    password_file: Path | None = None
    ca_file: Path | None = Field(None, description="authority of its certificate; in plain text without")
    prefix: str = ROOT


class CertificateAccess(Record):
    """To the broker of a fleet, by the certificate of one of its hosts."""

    kind: Literal["certificate"] = "certificate"
    address: str = Field(description="host:port")
    fleet: Path
    host: Name
    prefix: str = ROOT


Access: TypeAlias = Annotated[PasswordAccess | CertificateAccess, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Credentials:
    """As a person gives them: of a host of a fleet, or a name and a password; empty for what is not given."""

    fleet: Path
    host: str
    username: str
    password_file: Path | None
    ca_file: Path | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A broker, with all that a connection needs."""

    host: str
    port: int
    username: str
    password: str
    tls: ssl.SSLContext | None  # None: in plain text
    prefix: str

    @property
    def address(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"


def access_by(credentials: Credentials, address: str, prefix: str) -> PasswordAccess | CertificateAccess:
    """Where we go, and as whom; `address` "" is the fleet's own broker, or one on this machine. Raises MistakeError."""
    given = credentials
    if given.host and (given.username or given.password_file or given.ca_file):
        raise MistakeError("a host is known by its certificate: leave out --username, --password-file and --ca-file")
    if given.host:
        broker = read_inventory(given.fleet).broker
        fields = {"fleet": given.fleet.absolute(), "host": given.host, "prefix": prefix}
        fields |= {"address": address or f"{broker.names[0]}:{broker.port}"}
        return checked(CertificateAccess, fields, f"{given.host!r} is no host")
    fields = {"address": address or PLAIN_ADDRESS, "username": given.username, "prefix": prefix}
    files = {"password_file": given.password_file, "ca_file": given.ca_file}
    fields |= {name: path.absolute() for name, path in files.items() if path is not None}
    return checked(PasswordAccess, fields, "the broker")


def endpoint(access: PasswordAccess | CertificateAccess) -> Endpoint:
    """Read what it names, now: certificates are renewed while a roll-out lasts. Raises MistakeError."""
    host, port = _host_and_port(access.address)
    if not is_topic(access.prefix) or "/" in access.prefix:
        raise MistakeError(f"{access.prefix!r} cannot be the first level of topics")
    if isinstance(access, CertificateAccess):
        return Endpoint(host, port, "", "", _certificate(access), access.prefix)
    tls = _trusting(access.ca_file) if access.ca_file else None
    password = _password(access.password_file) if access.password_file else ""
    return Endpoint(host, port, access.username, password, tls, access.prefix)


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= LARGEST_PORT:
        raise MistakeError(f"{address!r} is no address of a broker; write host:port")
    return host, int(port)


def _password(file: Path) -> str:
    try:
        return read_plain(file, MOST_PASSWORD_BYTES).decode().strip()
    except (OSError, NotPlainError, UnicodeDecodeError) as error:
        raise MistakeError(f"{file} cannot be read: {error}") from error


def _trusting(authority: Path) -> ssl.SSLContext:
    """What takes a broker's certificate that this authority has signed."""
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # also what is wrong with the certificate
        raise MistakeError(
            f"{authority} is no certificate in PEM ({error}); name the authority of the broker's certificate"
        ) from error


def _certificate(access: CertificateAccess) -> ssl.SSLContext:
    folder = folder_of(access.fleet, read_inventory(access.fleet), access.host)
    try:
        context = ssl.create_default_context(cafile=folder / HOST_CA)
        context.load_cert_chain(folder / HOST_CERTIFICATE, folder / HOST_KEY)
    except OSError as error:  # also what is wrong with a certificate
        raise MistakeError(
            f"the certificate of {access.host} in {folder} cannot be used ({error}); it must be one of `provision host`"
        ) from error
    return context
