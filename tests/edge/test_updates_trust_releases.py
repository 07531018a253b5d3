"""Which releases a device takes: those for its board, groups and daemon, and only after they were verified."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from edge.bus import LocalBus
from edge.contracts.errors import ConfigError
from edge.contracts.release import Kind
from edge.contracts.topics import Topics
from edge.updates.trust.asking import AskingSource
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.releases import Verified
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.sources import source
from edge.updates.trust.suiting import ThisDevice
from edge.updates.trust.web import WebSource
from tests.paths import REPOSITORY
from tests.rigs.releases import CONTENT, NAME, THIS, DeviceRig, Served, Workshop, purpose, resigned

# Refreshes and fetches where the library with the fast signatures cannot be imported: a device does not need it.
WITHOUT_CRYPTOGRAPHY = """
import sys
sys.modules["cryptography"] = None
from pathlib import Path
from http.server import SimpleHTTPRequestHandler
from edge.updates.trust.clock import Clocks
from edge.updates.trust.releases import Releases
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.source import MissingError, Stream
from edge.updates.trust.suiting import ThisDevice
from contextlib import contextmanager
root, served, home, name = sys.argv[1:]
class Folder:
    @contextmanager
    def open(self, path, offset, limit):
        if not (Path(served) / path).exists():
            raise MissingError(path)
        yield Stream(0, iter([(Path(served) / path).read_bytes()]))
releases = Releases(TrustSettings(root=root), Folder(), ThisDevice("", "1", frozenset()), Path(home),
                    clocks=Clocks(), wait=lambda _: False)
releases.refresh()
print(releases.fetch(releases.find(name)).path.read_text())
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


@pytest.fixture
def rig(tmp_path: Path, workshop: Workshop) -> DeviceRig:
    return DeviceRig(tmp_path / "rig", workshop)


def reason(workshop: Workshop, rig: DeviceRig, device: ThisDevice = THIS) -> Reason:
    releases = rig.boot(Served(workshop.served()), device)
    releases.refresh()
    with pytest.raises(RefusedError) as caught:
        releases.find(NAME)
    return caught.value.reason


def test_an_empty_repository(workshop: Workshop, rig: DeviceRig) -> None:
    assert reason(workshop, rig) is Reason.UNKNOWN


def test_a_verified_file_with_what_it_is_for(workshop: Workshop, rig: DeviceRig) -> None:
    workshop.release(boards=("pi4", "pi5"), groups=("shops",), minimum_daemon="0.2", version="7.1")
    releases = rig.boot(Served(workshop.served()))
    releases.refresh()
    offer = releases.find(NAME)
    assert offer.purpose == purpose(boards=("pi4", "pi5"), groups=("shops",), minimum_daemon="0.2", version="7.1")
    assert (offer.name, offer.purpose.kind, offer.target.length) == (NAME, Kind.CONFIGURATION, len(CONTENT))
    verified = releases.fetch(offer)
    assert verified == Verified(verified.path, offer)
    assert verified.path.read_bytes() == CONTENT
    releases.forget(verified)
    releases.forget(verified)
    assert not verified.path.exists()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"boards": ("pi5",)}, Reason.WRONG_BOARD),
        ({"groups": ("homes", "labs")}, Reason.WRONG_GROUP),
        ({"minimum_daemon": "0.3.1"}, Reason.OLD_DAEMON),
        ({"minimum_daemon": "1"}, Reason.OLD_DAEMON),
    ],
)
def test_what_is_for_others(workshop: Workshop, rig: DeviceRig, changes: dict[str, object], expected: Reason) -> None:
    workshop.release(CONTENT, NAME, **changes)
    assert reason(workshop, rig) is expected


def test_a_device_of_no_known_board_or_group(workshop: Workshop, rig: DeviceRig) -> None:
    nobody = ThisDevice("", "0.3.0", frozenset())
    workshop.release(boards=("pi4",))
    assert reason(workshop, rig, nobody) is Reason.WRONG_BOARD
    workshop.release(groups=("shops",))
    assert reason(workshop, rig, nobody) is Reason.WRONG_GROUP


@pytest.mark.parametrize("change", [("custom", {}), ("custom", None), ("hashes", {"sha512": "0" * 128})])
def test_signed_but_not_as_we_write_it(workshop: Workshop, rig: DeviceRig, change: tuple[str, object]) -> None:
    """A list signed with the right key by another tool."""
    from tuf.api.metadata import MetaFile, TargetFile  # noqa: PLC0415

    workshop.release()
    served = workshop.served()
    hashes = change[1] if change[0] == "hashes" else {"sha256": "0" * 64}
    fields = {"custom": change[1]} if change[0] == "custom" else {}
    target = TargetFile(5, hashes, NAME, fields)  # type: ignore[arg-type]
    targets = resigned(served["metadata/2.targets.json"], workshop.key("targets-1"), targets={NAME: target})
    meta = {"targets.json": MetaFile.from_data(2, targets, ["sha256"])}
    snapshot = resigned(served["metadata/2.snapshot.json"], workshop.key("snapshot"), meta=meta)
    snapshot_meta = MetaFile.from_data(2, snapshot, ["sha256"])
    timestamp = resigned(served["metadata/timestamp.json"], workshop.key("timestamp"), snapshot_meta=snapshot_meta)
    files = {"metadata/2.targets.json": targets, "metadata/2.snapshot.json": snapshot}
    rig_releases = rig.boot(Served({**served, **files, "metadata/timestamp.json": timestamp}))
    rig_releases.refresh()
    with pytest.raises(RefusedError) as caught:
        rig_releases.find(NAME)
    assert caught.value.reason is Reason.MALFORMED


def test_nothing_is_found_before_it_was_verified(workshop: Workshop, rig: DeviceRig) -> None:
    workshop.release()
    releases = rig.boot(Served(workshop.served()))
    with pytest.raises(RefusedError):
        releases.find(NAME)
    releases.refresh()
    assert releases.find(NAME)
    forged = rig.boot(Served({**workshop.served(), "metadata/timestamp.json": b"{}"}))
    with pytest.raises(RefusedError):
        forged.refresh()
    with pytest.raises(RefusedError):
        forged.find(NAME)


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff" * 100])
def test_a_trust_root_that_is_of_no_use(workshop: Workshop, rig: DeviceRig, content: bytes | None) -> None:
    rig.root.unlink()
    if content is not None:
        rig.root.write_bytes(content)
    with pytest.raises(ConfigError, match="trust root"):
        rig.boot(Served(workshop.served())).refresh()


def test_nobody_there(rig: DeviceRig) -> None:
    with pytest.raises(RefusedError) as caught:
        rig.boot(Served({})).refresh()
    assert caught.value.reason is Reason.UNREACHABLE


def test_a_daemon_that_ends_is_not_kept_waiting(workshop: Workshop, rig: DeviceRig) -> None:
    source = Served(workshop.served())
    with pytest.raises(RefusedError) as caught:
        rig.boot(source, stops=True).refresh()
    assert caught.value.reason is Reason.STOPPED
    assert source.asked == []


def test_it_needs_no_library_but_the_base(workshop: Workshop, rig: DeviceRig, tmp_path: Path) -> None:
    workshop.release()
    given = [rig.root, workshop.repository.public, tmp_path / "home", NAME]
    command = [sys.executable, "-c", WITHOUT_CRYPTOGRAPHY, *map(str, given)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert (done.stdout.strip(), done.stderr) == (CONTENT.decode().strip(), "")


def test_settings() -> None:
    topics = Topics("here")
    assert isinstance(source(TrustSettings(), LocalBus(), topics), AskingSource)
    assert isinstance(source(TrustSettings(url="https://example.org/releases"), LocalBus(), topics), WebSource)
    assert TrustSettings(url="http://127.0.0.1:8080/x")
    assert TrustSettings(url="http://shed/x", plain_http=True)
    for url in ("", "http://shed/x", "ftp://x/", "https://", "https://u:p@x/", "https://x/?q", "file:///etc", "x"):
        with pytest.raises(ValidationError):
            TrustSettings(url=url)
