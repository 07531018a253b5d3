"""How the broker is reached, and under which name."""

import re
import socket
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from edge.contracts.errors import BrokerError
from edge.contracts.topics import NAME_PATTERN


def host_name() -> str:
    """This machine's name, fit for a topic."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", socket.gethostname()) or "device"


class TlsSettings(BaseModel, extra="forbid", frozen=True):
    """Encryption. The broker's certificate is always checked against the name it is reached by."""

    ca_file: Path | None = Field(None, description="authority that signed the broker's certificate; else the system's")
    cert_file: Path | None = Field(None, description="this device's certificate, where the broker asks for one")
    key_file: Path | None = Field(None, description="the private key of that certificate")


class MqttSettings(BaseModel, extra="forbid", frozen=True):
    """The broker, and the name that this device publishes under: `<prefix>/<device>/...`."""

    host: str = Field("localhost", min_length=1, description="name or address of the broker")
    port: int = Field(1883, ge=1, le=65535, description="1883, or 8883 with tls")
    username: str = Field("", description="empty for a broker that asks for none")
    password: SecretStr = Field(SecretStr(""), description="never logged; ${FORESIGHT_...} takes it from outside")
    password_file: Path | None = Field(None, description="file that holds the password; read at each connection")
    client_id: str = Field("", max_length=65, description="unique at the broker; empty: <prefix>-<device>")
    device: str = Field(
        default_factory=host_name,
        pattern=NAME_PATTERN,
        max_length=40,
        description="this device in topics; the host name",
    )
    prefix: str = Field("foresight", pattern=NAME_PATTERN, max_length=24, description="first level of all topics")
    keepalive_s: int = Field(15, ge=5, le=600, description="a dead connection is noticed within twice this")
    reconnect_max_s: float = Field(30.0, gt=0, le=600, description="longest pause between attempts to connect")
    tls: TlsSettings | None = Field(None, description="encrypt; needed for a broker on another machine")

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password_file is not None and self.password.get_secret_value():
            raise ValueError("password and password_file are both given; leave one out")
        return self

    def secret(self) -> str:
        """The password, "" where there is none.

        Raises:
            BrokerError: the file cannot be read.
        """
        if self.password_file is None:
            return self.password.get_secret_value()
        try:
            return self.password_file.read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BrokerError(f"mqtt.password_file {self.password_file} cannot be read: {error}") from error

    @property
    def base(self) -> str:
        """What all topics of this device begin with."""
        return f"{self.prefix}/{self.device}"

    @property
    def name(self) -> str:
        """The client id at the broker."""
        return self.client_id or f"{self.prefix}-{self.device}"
