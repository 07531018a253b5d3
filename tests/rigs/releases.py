"""A workshop that releases files with the real tools, and a device that is to believe them."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from edge.contracts.release import Kind, Purpose
from edge.updates.trust.clock import NS, Clocks
from edge.updates.trust.releases import Releases
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.source import MissingError, Source, Stream
from edge.updates.trust.suiting import ThisDevice
from firmware_tools.release.adding import add
from firmware_tools.release.keys import load_key
from firmware_tools.release.lifetimes import Lifetimes, wall_clock
from firmware_tools.release.publishing import publish, renew_timestamp
from firmware_tools.release.repository import Repository
from firmware_tools.release.signing import sign
from firmware_tools.release.starting import Holders, KeyPlan, start

NAME = "configurations/door.yaml"
CONTENT = b"cameras: {}\n"
CHUNK_BYTES = 1000
THIS = ThisDevice(board="pi4", daemon="0.3.0", groups=frozenset({"shops"}))


def purpose(**changes: object) -> Purpose:
    """Of a configuration for every device."""
    plain: dict[str, object] = {"kind": Kind.CONFIGURATION, "task": "", "version": "1", "minimum_daemon": ""}
    return Purpose(**{**plain, "boards": (), "groups": (), **changes})  # type: ignore[arg-type]


def no_passphrase(path: Path) -> str:
    """No key of the rig is encrypted."""
    raise AssertionError(path)


class Workshop:
    """A repository of releases, with all its keys: 2 of 3 for root."""

    def __init__(self, folder: Path, lifetimes: Lifetimes | None = None, ago: timedelta = timedelta()) -> None:
        self.folder = folder
        self.repository, self.keys = Repository(folder / "releases"), folder / "keys"
        plan = KeyPlan(self.keys, "", Holders(3, 2), Holders(1, 1))
        start(self.repository, plan, lifetimes or Lifetimes(), wall_clock() - ago)

    def key(self, name: str) -> CryptoSigner:
        """A key by the name of its file, `root-1`."""
        return load_key(self.keys / f"{name}.pem", no_passphrase)

    def release(self, content: bytes = CONTENT, name: str = NAME, **changes: object) -> None:
        """Add a file, sign the list, and publish."""
        self.add(content, name, **changes)
        sign(self.repository, [self.key("targets-1")])
        self.publish()

    def add(self, content: bytes = CONTENT, name: str = NAME, **changes: object) -> None:
        """Add a file to the next release."""
        file = self.folder / "file"
        file.write_bytes(content)
        add(self.repository, file, name, purpose(**changes), wall_clock())

    def publish(self, keys: Sequence[str] = ("snapshot", "timestamp"), ago: timedelta = timedelta()) -> None:
        """Publish with keys by the names of their files."""
        publish(self.repository, [self.key(name) for name in keys], wall_clock() - ago)

    def renew(self, keys: Sequence[str] = ("snapshot", "timestamp"), ago: timedelta = timedelta()) -> None:
        """Renew what is served, with keys by the names of their files."""
        renew_timestamp(self.repository, [self.key(name) for name in keys], wall_clock() - ago)

    def served(self) -> dict[str, bytes]:
        """Everything that is served now, by path."""
        public = self.repository.public
        return {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("*") if path.is_file()}


def resigned(data: bytes, *signers: CryptoSigner, **changes: object) -> bytes:
    """A list with attributes changed, signed by these keys."""
    told: Metadata[Root] = Metadata.from_bytes(data)  # or of another role
    for name, value in changes.items():
        setattr(told.signed, name, value)
    told.signatures.clear()
    for signer in signers:
        told.sign(signer, append=True)
    return told.to_bytes(JSONSerializer(compact=False))


@dataclass
class Served(Source):
    """Files in memory, which an attacker may change, lengthen, or cut."""

    files: dict[str, bytes]
    cut: dict[str, int] = field(default_factory=dict)  # of what is sent in one go, by path
    endless: set[str] = field(default_factory=set)
    asked: list[tuple[str, int]] = field(default_factory=list)

    @contextmanager
    def open(self, path: str, offset: int, limit: int) -> Iterator[Stream]:
        self.asked.append((path, offset))
        if path not in self.files:
            raise MissingError(f"{path} is not there")
        data = self.files[path][offset:]
        yield Stream(offset, self._chunks(data[: self.cut.get(path, len(data))], path))

    def _chunks(self, data: bytes, path: str) -> Iterator[bytes]:
        for start_ in range(0, len(data), CHUNK_BYTES):
            yield data[start_ : start_ + CHUNK_BYTES]
        while path in self.endless:
            yield b" " * CHUNK_BYTES


@dataclass
class FakeClocks:
    """Clocks that stand where they are put; the wall clock is the machine's, moved."""

    ahead: timedelta = timedelta()
    running: timedelta = timedelta()
    right: bool = False  # synchronised

    def clocks(self) -> Clocks:
        return Clocks(
            utc_ns=lambda: time.time_ns() + int(self.ahead.total_seconds()) * NS,
            passed_ns=lambda: int(self.running.total_seconds()) * NS,
            synchronised=lambda: self.right,
        )


class DeviceRig:
    """A device with the first root of a workshop. `boot` is what its daemon begins with."""

    def __init__(self, folder: Path, workshop: Workshop) -> None:
        self.home, self.clocks = folder / "device", FakeClocks()
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "root.json"
        shutil.copy(workshop.repository.metadata / "1.root.json", self.root)

    def boot(self, source: Source, device: ThisDevice = THIS, stops: bool = False, **settings: object) -> Releases:
        given = TrustSettings(**{"root": self.root, "tries": 2, **settings})
        return Releases(given, source, device, self.home, clocks=self.clocks.clocks(), wait=lambda _: stops)


def now() -> datetime:
    return datetime.now(UTC)


def fetched(workshop: Workshop, folder: Path, name: str = NAME) -> bytes:
    """The file as a new device gets it, whatever was served before."""
    releases = DeviceRig(folder, workshop).boot(Served(workshop.served()))
    releases.refresh()
    return releases.fetch(releases.find(name)).path.read_bytes()
