"""Where releases come from, and how much of this device they may take."""

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, model_validator

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
BROKER = "mqtt:"


class TrustSettings(BaseModel, extra="forbid", frozen=True):
    """The releases of this device. A server is not trusted: what it serves must be signed."""

    url: str = Field(BROKER, description="folder of the releases, https://...; mqtt: asks for them over the broker")
    root: Path = Field(
        Path("/etc/foresight/release-root.json"), description="the trust root that the device was shipped with"
    )
    ca_file: Path | None = Field(None, description="authority that signed the server's certificate; else the system's")
    plain_http: bool = Field(False, description="allow http:// to other machines; others can then see what is fetched")
    most_target_bytes: int = Field(2 << 30, ge=1, description="the largest file that is taken")
    most_metadata_bytes: int = Field(2 << 20, ge=1 << 14, description="the largest list of releases that is taken")
    slowest_bytes_s: float = Field(2000.0, gt=0, description="a server that is slower on average is given up")
    grace_s: float = Field(30.0, gt=0, le=600, description="what a server may take besides, for each file")
    tries: int = Field(5, ge=1, le=100, description="attempts at a file that bring nothing new before it is given up")

    @model_validator(mode="after")
    def _address(self) -> Self:
        if self.url == BROKER:
            return self
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"url must be https://host/folder/, or {BROKER}")
        if parts.username or parts.password:
            raise ValueError("url must hold no user name and no password")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK and not self.plain_http:
            raise ValueError("url is http://; use https://, or set plain_http")
        return self
