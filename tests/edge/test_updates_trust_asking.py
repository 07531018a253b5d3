"""Releases over a real broker, and over one whose messages get lost."""

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.bus import LocalBus
from edge.contracts.bus import Message
from edge.contracts.errors import EdgeError
from edge.contracts.release_wire import PART_BYTES, Part, encode_part, parse_ask
from edge.contracts.topics import Topics
from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings
from edge.updates.trust.asking import AskingSource
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.source import MissingError
from firmware_tools.broker import Endpoint, PasswordAccess, endpoint
from firmware_tools.release.repository import Repository
from firmware_tools.release.serving import answer, serve
from tests.paths import REPOSITORY
from tests.programs import program
from tests.rigs.broker import Broker, passwords
from tests.rigs.releases import NAME, DeviceRig, Workshop

TOPICS = Topics("here")
LARGE = b"a: " + b"x" * (3 * PART_BYTES) + b"\n"
Change = Callable[[int, Part], list[bytes]]


def test_a_device_updates_over_a_real_broker(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "workshop")
    workshop.release(LARGE)
    stop, ready, ended = threading.Event(), threading.Event(), list[Exception]()

    def run(port: int) -> None:
        try:
            serve(workshop.repository, endpoint(PasswordAccess(address=f"127.0.0.1:{port}")), stop, ready.set)
        except EdgeError as error:
            ended.append(error)

    with Broker() as broker:
        host = threading.Thread(target=run, args=[broker.port])
        host.start()
        try:
            assert ready.wait(30)
            with MqttLink(MqttSettings(host="127.0.0.1", port=broker.port, device="here")) as link:
                assert link.wait_connected(30)
                releases = DeviceRig(tmp_path / "rig", workshop).boot(AskingSource(link, TOPICS))
                releases.refresh()
                assert releases.fetch(releases.find(NAME)).path.read_bytes() == LARGE
                ready.clear()
                broker.restart()
                assert ready.wait(60)
                assert link.wait_connected(60)
                releases.refresh()
        finally:
            stop.set()
            host.join(30)
    assert ended == []


def served(folder: Path, change: Change, content: bytes = LARGE) -> AskingSource:
    """A source whose answers are changed, by their number from 0."""
    places, bus, count = Repository(folder), LocalBus(), iter(range(10**6))
    file = places.targets / "file"
    file.parent.mkdir(parents=True)
    file.write_bytes(content)

    def asked(message: Message) -> None:
        for payload in change(next(count), answer(places, parse_ask(message.payload))):
            bus.publish(TOPICS.update_part, payload)

    bus.subscribe(TOPICS.update_ask, asked)
    return AskingSource(bus, TOPICS, answer_s=0.05)


def whole(source: AskingSource, offset: int = 0, limit: int = len(LARGE), path: str = "targets/file") -> bytes:
    with source.open(path, offset, limit) as stream:
        assert stream.offset == offset
        return b"".join(stream.chunks)


CHANGES: dict[str, Change] = {
    "as it is": lambda _, part: [encode_part(part)],
    "every second lost": lambda n, part: [encode_part(part)] if n % 2 else [],
    "twice": lambda _, part: [encode_part(part), encode_part(part)],
    "with the last one again": lambda _, part: [encode_part(Part(part.number - 1, 9, b"old")), encode_part(part)],
    "with rubbish": lambda _, part: [b"", b"\xff", b"x" * 200_000, encode_part(part)],
    "with more than was asked for": lambda _, part: [encode_part(part), b"{}\n" * 9],
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_comes_whole(tmp_path: Path, name: str) -> None:
    source = served(tmp_path, CHANGES[name])
    assert whole(source) == LARGE
    assert whole(source, 100_000, len(LARGE) - 100_000) == LARGE[100_000:]


def test_empty(tmp_path: Path) -> None:
    assert whole(served(tmp_path, CHANGES["as it is"], b"")) == b""


def test_nobody_answers() -> None:
    with pytest.raises(RefusedError, match="release serve") as caught:
        whole(AskingSource(LocalBus(), TOPICS, answer_s=0.01))
    assert caught.value.reason is Reason.UNREACHABLE


def test_a_file_that_has_grown_is_seen(tmp_path: Path) -> None:
    assert len(whole(served(tmp_path, CHANGES["as it is"]), limit=len(LARGE) - 1)) > len(LARGE) - 1


def test_a_file_that_claims_to_be_endless_is_not_read_for_ever(tmp_path: Path) -> None:
    def endless(_: int, part: Part) -> list[bytes]:
        return [encode_part(Part(part.number, 1 << 60, b"x"))]

    assert len(whole(served(tmp_path, endless), limit=100)) == 101


@pytest.mark.parametrize(
    "path",
    ["", "targets", "targets/", "root.json", "lock", "../keys/root-1.pem", "targets/../../keys/root-1.pem",
     "/etc/passwd", "metadata/../lifetimes.json", "targets/.file.part",
     "targets/folder", "targets/pipe", "targets/n\0"],
)  # fmt: skip
def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    source = served(tmp_path, CHANGES["as it is"])
    folder = tmp_path / "public" / "targets"
    (folder / ".file.part").write_bytes(b"half")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "root-1.pem").write_bytes(b"secret")
    if path:
        with pytest.raises(MissingError):
            whole(source, path=path)


def test_the_access_list_lets_a_device_ask_for_itself_alone(tmp_path: Path) -> None:
    """The broker as `deploy/` has it: the host answers each device, and a device asks in its own name only."""
    workshop = Workshop(tmp_path / "workshop")
    workshop.release()
    stop, ready = threading.Event(), threading.Event()
    users = tmp_path / "users"
    passwords(users, "releases", "hush-hush")
    add_user = [program("mosquitto_passwd", "mosquitto"), "-b", str(users), "here", "hush-hush"]
    subprocess.run(add_user, check=True, capture_output=True, timeout=300)
    acl = REPOSITORY / "deploy" / "mosquitto" / "foresight.acl"
    with Broker((f"acl_file {acl}", f"password_file {users}"), anonymous=False) as broker:
        place = Endpoint("127.0.0.1", broker.port, "releases", "hush-hush", None, "foresight")
        host = threading.Thread(target=serve, args=[workshop.repository, place, stop, ready.set])
        host.start()
        try:
            assert ready.wait(30)
            login = {"username": "here", "password": "hush-hush", "device": "here", "host": "127.0.0.1"}
            with MqttLink(MqttSettings(port=broker.port, **login)) as link:
                assert link.wait_connected(30)
                with AskingSource(link, TOPICS).open("metadata/timestamp.json", 0, 1 << 14) as stream:
                    assert b"".join(stream.chunks) == workshop.served()["metadata/timestamp.json"]
                other = AskingSource(link, Topics("there"), answer_s=0.2)
                with pytest.raises(RefusedError), other.open("metadata/timestamp.json", 0, 1 << 14):
                    pass
        finally:
            stop.set()
            host.join(30)
