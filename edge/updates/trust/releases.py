"""The releases of this device: what of them is signed, fresh and meant for it, and the verified file itself."""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError, StorageError
from tuf.api.metadata import TargetFile
from tuf.ngclient import Updater, UpdaterConfig

from edge.contracts.errors import ConfigError
from edge.contracts.files import open_plain
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release import NAME, Purpose, parse_purpose
from edge.updates.trust.clock import Clocks, LastSeen
from edge.updates.trust.download import Download, Target, Wait
from edge.updates.trust.metadata_fetcher import BASE, MetadataFetcher
from edge.updates.trust.reasons import refusal
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.shelf import Shelf
from edge.updates.trust.signed_time import expiries, signed_at_ns
from edge.updates.trust.source import Source
from edge.updates.trust.suiting import ThisDevice, check_suits

METADATA, TARGETS, TIME = "metadata", "targets", "time.json"
MOST_ROOT_BYTES, MOST_TIMESTAMP_BYTES, MOST_ROOTS = 1 << 19, 1 << 14, 256
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that was released for this device, not fetched yet."""

    name: str
    purpose: Purpose
    target: Target


@dataclass(frozen=True, slots=True)
class Verified:
    """A file that was fetched: its content is what was signed for under that name. Its inside is still not trusted."""

    path: Path
    offer: Offer


class Releases:
    """What the device believes. Every method waits for the network, within the limits of the settings.

    Args:
        settings: limits, and the trust root.
        source: of the files; not trusted.
        device: what this one is.
        home: a folder of its own; one process at a time uses it.
        clocks: of the machine.
        wait: pauses, and says whether the daemon ends.
    """

    def __init__(
        self, settings: TrustSettings, source: Source, device: ThisDevice, home: Path, *, clocks: Clocks, wait: Wait
    ) -> None:
        self._settings, self._source, self._device, self._wait = settings, source, device, wait
        self._shelf = Shelf(home / METADATA)
        self._download = Download(source, home / TARGETS, settings, wait)
        self._seen = LastSeen(home / TIME, clocks)
        self._found: Callable[[str], TargetFile | None] | None = None
        self._expiries: Mapping[str, datetime] = {}

    def refresh(self) -> None:
        """Fetch and verify the lists of releases.

        Raises:
            RefusedError: they are not believed, or do not come; what was verified of them is remembered.
            ConfigError: the trust root cannot be read.
            OSError: the disk cannot be written or read.
        """
        root = _root(self._settings.root)
        self._found = None
        try:
            with self._shelf.copy() as folder:
                updater = self._updated(root, folder)
                self._seen.signed(signed_at_ns(folder))
                self._expiries = expiries(folder)
        finally:
            self._seen.keep()  # also while nobody answers: time passes
        self._check_fresh()
        self._found = updater.get_targetinfo

    def find(self, name: str) -> Offer:
        """A released file by its name, if it is for this device. `refresh` comes first.

        Raises:
            RefusedError: there is none, or it is for others; or the lists have expired since.
        """
        if self._found is None:
            raise RefusedError(Reason.UNREACHABLE, f"{name}: no list of releases has been verified since the start")
        self._check_fresh()
        if not NAME.fullmatch(name):
            raise RefusedError(
                Reason.MALFORMED, f"{name!r:.120} is no name of a release; use letters, digits, . _ - and / between"
            )
        target = self._found(name)
        if target is None:
            raise RefusedError(Reason.UNKNOWN, f"no release is called {name!r:.120}")
        offer = _offer(target)
        check_suits(name, offer.purpose, self._device)
        return offer

    def fetch(self, offer: Offer) -> Verified:
        """The file of an offer, verified and on disk. It stays until `forget`.

        Raises:
            RefusedError: it does not come, or is not what was signed for.
            OSError: the disk cannot be written or read.
        """
        return Verified(self._download.fetch(offer.target), offer)

    def forget(self, verified: Verified) -> None:
        """Delete a file that was fetched. Raises OSError."""
        verified.path.unlink(missing_ok=True)

    def fraction(self, offer: Offer) -> float:
        """How much of its file has come, 0..1. Any thread."""
        return self._download.fraction(offer.target)

    def tidy(self, kept: Set[str]) -> None:
        """Delete files that were fetched, and parts of them, but for those with these SHA-256. Raises OSError."""
        self._download.tidy(kept)

    def _updated(self, root: bytes, folder: Path) -> Updater:
        fetcher = MetadataFetcher(self._source, self._settings, lambda: self._wait(0.0))
        most = self._settings.most_metadata_bytes
        config = UpdaterConfig(
            max_root_rotations=MOST_ROOTS,
            max_delegations=0,
            root_max_length=min(most, MOST_ROOT_BYTES),
            timestamp_max_length=MOST_TIMESTAMP_BYTES,
            snapshot_max_length=most,
            targets_max_length=most,
        )
        try:
            updater = Updater(str(folder), BASE, fetcher=fetcher, config=config, bootstrap=root)
        except RepositoryError as error:
            raise ConfigError(_useless(self._settings.root, error)) from error
        try:
            updater.refresh()
        except (RepositoryError, DownloadError, StorageError) as error:
            told = fetcher.refused or refusal(error, fetcher.last, folder / "root.json")
            if told.reason is Reason.FREEZE:
                told = RefusedError(Reason.FREEZE, f"{told}; {self._seen.told()}")
            raise told from error
        return updater

    def _check_fresh(self) -> None:
        """By the time that it is at least: the client went by the clock alone."""
        now = self._seen.now()
        for role, until in self._expiries.items():
            if now >= until:
                raise RefusedError(
                    Reason.FREEZE,
                    f"releases: the metadata of {role} has expired on {until:%Y-%m-%d %H:%M} UTC: publish again, or "
                    f"see who hides newer ones; {self._seen.told()}",
                )


def _offer(target: TargetFile) -> Offer:
    sha256, custom = target.hashes.get("sha256", ""), target.unrecognized_fields.get("custom")
    if not _SHA256.fullmatch(sha256):
        raise RefusedError(Reason.MALFORMED, f"{target.path} is signed for without a SHA-256; sign it again")
    try:
        purpose = parse_purpose(custom)
    except MalformedError as error:
        raise RefusedError(
            Reason.MALFORMED, f"{target.path}: {error}; add it again, or update this device first"
        ) from error
    folder, slash, name = target.path.rpartition("/")
    path = f"{TARGETS}/{folder}{slash}{sha256}.{name}"
    return Offer(target.path, purpose, Target(path, target.length, sha256))


def _root(path: Path) -> bytes:
    try:
        with open_plain(path) as file:
            return file.read(MOST_ROOT_BYTES)
    except (OSError, ValueError) as error:
        raise ConfigError(_useless(path, error)) from error


def _useless(path: Path, error: Exception) -> str:
    return f"the trust root {path} is of no use: {error}; copy root.json of the releases there"
