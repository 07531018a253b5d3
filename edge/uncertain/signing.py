"""The device's own key, by which the workstation knows that an archive is from this device and unchanged.

Ed25519, of the library `cryptography`, which only those who make archives need.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from edge.contracts.archive import fingerprint
from edge.contracts.errors import ConfigError
from edge.contracts.stored import replace_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER, FILE_NAME = "keys", "archive.pem"
OTHERS = 0o077  # permissions that none but the owner may have


class DeviceKey:
    """A private key. Make one with `device_key`."""

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key = key

    @property
    def fingerprint(self) -> str:
        """By what the workstation knows it: 64 hexadecimal digits."""
        return fingerprint(self._key.public_key().public_bytes_raw())

    @property
    def public_pem(self) -> bytes:
        """The public key, as every tool reads it."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - see above

        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        """The signature, 64 bytes; the same data gives the same."""
        return self._key.sign(data)


def device_key(state_dir: Path) -> DeviceKey:
    """The key of this device, made when it is first asked for. A damaged one is never replaced by itself.

    Args:
        state_dir: where the device keeps its state.

    Raises:
        ConfigError: the key cannot be read, made or trusted, or the library is missing; says what to do.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError("archives are signed with `cryptography`: pip install 'foresight-edge[archive]'") from error
    path = state_dir / FOLDER / FILE_NAME
    data = _read(path)
    if data is None:
        made = Ed25519PrivateKey.generate()
        _write(path, made)
        return DeviceKey(made)
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigError(_damaged(path)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(_damaged(path))
    return DeviceKey(key)


def _read(path: Path) -> bytes | None:
    try:
        if path.exists() and path.stat().st_mode & OTHERS:
            raise ConfigError(f"{path} can be read by others than its owner; if that is no harm, chmod 600 it")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; run as the daemon's user") from error


def _write(path: Path, key: "Ed25519PrivateKey") -> None:
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - see above
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}; make room, or correct its owner") from error


def _damaged(path: Path) -> str:
    return f"{path} is no Ed25519 key; restore it, or delete it and let the workstation trust the new one"
