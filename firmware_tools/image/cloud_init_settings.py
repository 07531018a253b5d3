"""What a person wants of the operating system itself: its name, its users, its Wi-Fi, its time zone."""

import re
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from firmware_tools.errors import MistakeError
from firmware_tools.identity.files import read, refuse_open

LARGEST_BYTES = 1 << 16
_HASH = re.compile(r"\$(?:y|6|5|2b)\$[./A-Za-z0-9$=]{20,200}")
_KEY = re.compile(r"(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]{16,4000}(?: [^\n\r\x00]{0,200})?")
_PSK = re.compile(r"[0-9a-fA-F]{64}")


class WifiSettings(BaseModel, extra="forbid", frozen=True):
    """A network that is joined."""

    ssid: str = Field(description="its name, 1 to 32 bytes")
    password: str = Field("", repr=False, description="8 to 63 characters, or 64 hexadecimal digits; none: an open one")
    country: str = Field(pattern=r"^[A-Z]{2}$", description="two letters: which channels are allowed")
    hidden: bool = Field(False, description="whether it does not announce itself")

    @field_validator("ssid")
    @classmethod
    def _short(cls, ssid: str) -> str:
        if not 1 <= len(ssid.encode()) <= 32 or not ssid.isprintable():
            raise ValueError("must have 1 to 32 bytes, all of them to be seen")
        return ssid

    @field_validator("password")
    @classmethod
    def _long(cls, password: str) -> str:
        if password and not _PSK.fullmatch(password) and not (8 <= len(password) <= 63 and password.isprintable()):
            raise ValueError("must have 8 to 63 characters, all of them to be seen, or 64 hexadecimal digits")
        return password


class UserSettings(BaseModel, extra="forbid", frozen=True):
    """Somebody who may log in, and do everything by sudo."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$", description="small letters, digits, _ and -")
    password_hash: str = Field("", repr=False, description="as `openssl passwd -6` prints it; none: keys only")
    ssh_keys: tuple[str, ...] = Field((), max_length=32, description="public keys, a line each as in id_ed25519.pub")

    @field_validator("password_hash")
    @classmethod
    def _hashed(cls, text: str) -> str:
        if text and not _HASH.fullmatch(text):
            raise ValueError("is no password hash; make one: openssl passwd -6")
        return text

    @field_validator("ssh_keys")
    @classmethod
    def _public(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        if any(not _KEY.fullmatch(key) for key in keys):
            raise ValueError("are public keys, a line each as in ~/.ssh/id_ed25519.pub")
        return keys

    @model_validator(mode="after")
    def _enters(self) -> Self:
        if not self.password_hash and not self.ssh_keys:
            raise ValueError(f"{self.name} could not log in; give password_hash or ssh_keys")
        return self


class SystemSettings(BaseModel, extra="forbid", frozen=True):
    """What is set before the first boot."""

    hostname: str = Field("", pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$", description="else the device's name")
    timezone: str = Field("", pattern=r"^([A-Za-z0-9+_-]+(/[A-Za-z0-9+_-]+){0,2})?$", description="as Europe/Berlin")
    ssh: bool = Field(False, description="whether users may log in over the network")
    users: tuple[UserSettings, ...] = Field((), max_length=8, description="who may log in")
    wifi: WifiSettings | None = Field(None, description="a network that is joined")


def read_settings(path: Path) -> SystemSettings:
    """The settings in a YAML file.

    Raises:
        MistakeError: they are none, or the file holds a secret and is open to others.
    """
    try:
        tree = yaml.safe_load(read(path, LARGEST_BYTES))
        settings = SystemSettings.model_validate({} if tree is None else tree)
    except (yaml.YAMLError, RecursionError) as error:
        raise MistakeError(f"{path} is no YAML: look at its indentation and quotes") from error
    except ValidationError as error:
        raise MistakeError(f"{path}: {_words(error)}") from error
    if (settings.wifi and settings.wifi.password) or any(user.password_hash for user in settings.users):
        refuse_open(path)
    return settings


def host_name(settings: SystemSettings, device: str) -> str:
    """What the device calls itself in its network."""
    return settings.hostname or re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")[:63] or "foresight"


def _words(error: ValidationError) -> str:
    """What is wrong, without the values: they may be secret."""
    told = error.errors(include_input=False, include_url=False)
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg'].removeprefix('Value error, ')}" for one in told
    )
