"""The broker of a roll-out, and who we are there: the certificate of a host of the fleet, or a name and a password."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.errors import MistakeError
from firmware_tools.identity.delivery import folder_of
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.members import HOST_CA, HOST_CERTIFICATE, HOST_KEY
from firmware_tools.identity.records import checked
from firmware_tools.release.naming import broker_place
from firmware_tools.release.serving import trusting
from firmware_tools.rollout.plan import CertificateAccess, PasswordAccess


@dataclass(frozen=True, slots=True)
class Place:
    """A broker."""

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


def access_of_host(fleet: Path, host: str, address: str, prefix: str) -> CertificateAccess:
    """The fleet's own broker, at another `address` where one is given. Raises MistakeError."""
    broker = read_inventory(fleet).broker
    told = {"address": address or f"{broker.names[0]}:{broker.port}", "fleet": fleet.absolute(), "host": host}
    return checked(CertificateAccess, {**told, "prefix": prefix}, f"{host!r} is no host")


def place_of(access: PasswordAccess | CertificateAccess) -> Place:
    """Read what it names: certificates are renewed while a roll-out lasts. Raises MistakeError."""
    if isinstance(access, CertificateAccess):
        told = broker_place(access.address, "", None, None, access.prefix)
        return Place(told.host, told.port, "", "", _certificate(access), told.prefix)
    told = broker_place(access.address, access.username, access.password_file, access.ca_file, access.prefix)
    tls = trusting(access.ca_file) if access.ca_file else None
    return Place(told.host, told.port, told.username, told.password, tls, told.prefix)


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
