"""What a certificate of a fleet is worth at a real broker that runs by the fleet's own files."""

import shutil
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config.loader import load
from edge.config.settings import Settings
from edge.contracts.errors import BrokerError
from edge.mqtt.session import V5, Session, tls_context
from edge.mqtt.settings import TlsSettings
from firmware_tools.identity import authorities, members
from firmware_tools.identity.delivery import delivered
from firmware_tools.identity.settling import Template
from firmware_tools.identity.transaction import opened
from firmware_tools.identity.values import parse_values
from tests.rigs.certificates import Authority
from tests.rigs.daemon import Daemon
from tests.rigs.fleet import NOW, FleetBroker, add, add_host, begun, folder, nobody, renew, revoke, rotate
from tests.rigs.host import wait_until
from tests.rigs.visitor import Visitor


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[FleetBroker]:
    with FleetBroker(tmp_path / "fleet") as running:
        yield running


def visitor(broker: FleetBroker, folder: Path | None, name: str = "visitor") -> Visitor:
    return Visitor(broker.port, broker.fleet / "mosquitto" / "authority.crt", folder, name)


def let_in(broker: FleetBroker, folder: Path | None) -> bool:
    with visitor(broker, folder) as one:
        return one.inside and one.says("foresight/shed/x")


def kept(folder: Path, to: Path) -> Path:
    """What a device goes on having when the fleet has deleted it."""
    shutil.copytree(folder, to)
    return to


def test_a_device_is_let_into_its_own_topics_only(broker: FleetBroker) -> None:
    shed, barn, collector = add(broker.fleet, "shed"), add(broker.fleet, "barn"), add_host(broker.fleet, "collector")
    broker.restart()
    with visitor(broker, shed) as one, visitor(broker, barn) as other, visitor(broker, collector) as host:
        host.listens("#")
        other.listens("#")
        for topic, good in {
            "foresight/shed/events": True,
            "foresight/barn/events": False,
            "foresight/shed2/events": False,
            "foresight": False,
            "foresight/groups/all/update/desired": False,
            "homeassistant/device/shed/foresight_shed_yard/config": True,
            "homeassistant/device/barn/foresight_barn/config": False,
            "homeassistant/status": False,
            "zigbee2mqtt/tank": False,
        }.items():
            assert one.says(topic) == good, topic
        assert host.says("foresight/barn/update/desired")
        assert host.says("foresight/groups/all/update/desired")
        assert host.hears("foresight/barn/update/desired") == [
            "foresight/shed/events",
            "homeassistant/device/shed/foresight_shed_yard/config",
            "foresight/barn/update/desired",
        ]
        assert other.hears("foresight/groups/all/update/desired") == [
            "foresight/barn/update/desired",
            "foresight/groups/all/update/desired",
        ]


def test_topics_of_others_that_a_device_reads(broker: FleetBroker) -> None:
    template = broker.fleet / "template.yaml"
    with opened(broker.fleet, nobody, NOW) as transaction:
        device = members.NewDevice("shed", "zero2w", "all", ("zigbee2mqtt/tank",), {})
        members.add(transaction, [device], Template(template.read_text(), template))
    sensors = add_host(broker.fleet, "sensors")
    with (broker.fleet / "mosquitto" / "foresight.acl").open("a") as rights:
        rights.write("user sensors\ntopic write #\n")
    broker.restart()
    with visitor(broker, folder(broker.fleet, "shed")) as one, visitor(broker, sensors) as other:
        one.listens("#")
        assert all(map(other.says, ("zigbee2mqtt/tub", "zigbee2mqtt/tank")))
        assert one.hears("zigbee2mqtt/tank") == ["zigbee2mqtt/tank"]
        assert not one.says("zigbee2mqtt/tank")


def test_who_shows_no_certificate_or_a_foreign_one_is_refused(broker: FleetBroker, tmp_path: Path) -> None:
    shed = add(broker.fleet, "shed")
    broker.restart()
    foreign = Authority(tmp_path, "home").sign("shed")
    forged = tmp_path / "forged"
    forged.mkdir()
    shutil.copy(foreign.cert, forged / "device.crt")
    shutil.copy(foreign.key, forged / "device.key")
    assert [let_in(broker, folder) for folder in (shed, None, forged)] == [True, False, False]


def test_a_revoked_certificate_is_refused(broker: FleetBroker, tmp_path: Path) -> None:
    shed = kept(add(broker.fleet, "shed"), tmp_path / "shed")
    barn = add(broker.fleet, "barn")
    broker.restart()
    assert let_in(broker, shed)
    revoke(broker.fleet, "shed")
    assert let_in(broker, shed)  # the broker does not know yet
    broker.restart()
    with visitor(broker, shed) as out, visitor(broker, barn) as one:
        assert (out.inside, one.inside) == (False, True)


def test_who_is_connected_when_it_is_revoked_loses_every_topic(broker: FleetBroker, tmp_path: Path) -> None:
    shed = kept(add_host(broker.fleet, "shed"), tmp_path / "shed")
    broker.restart()
    with visitor(broker, shed) as one:
        assert one.says("foresight/shed/x")
        revoke(broker.fleet, "shed")
        broker.reload()
        assert wait_until(lambda: one.gone or not one.says("foresight/shed/x"))
    assert not let_in(broker, shed)


def test_a_new_key_and_the_old_one_until_it_is_revoked(broker: FleetBroker, tmp_path: Path) -> None:
    old = kept(add_host(broker.fleet, "shed"), tmp_path / "old")
    new = rotate(broker.fleet, "shed")
    broker.restart()
    assert [let_in(broker, old), let_in(broker, new)] == [True, True]
    revoke(broker.fleet, "shed", old=True)
    broker.restart()
    assert [let_in(broker, old), let_in(broker, new)] == [False, True]


def test_who_was_revoked_comes_back_with_another_key(broker: FleetBroker, tmp_path: Path) -> None:
    old = kept(add_host(broker.fleet, "shed"), tmp_path / "old")
    revoke(broker.fleet, "shed")
    new = add_host(broker.fleet, "shed")
    broker.restart()
    assert [let_in(broker, old), let_in(broker, new)] == [False, True]


def test_nobody_is_thrown_out_by_another_under_its_client_id(broker: FleetBroker) -> None:
    shed, barn = add(broker.fleet, "shed"), add(broker.fleet, "barn")
    broker.restart()
    with visitor(broker, shed, "foresight-shed") as one, visitor(broker, barn, "foresight-shed") as thief:
        assert thief.says("foresight/barn/x")
        assert one.says("foresight/shed/x")
    with visitor(broker, shed, "foresight-shed") as one, visitor(broker, barn, "shed") as thief:
        assert thief.says("foresight/barn/x")
        assert one.says("foresight/shed/x")


def test_the_authority_is_changed_without_cutting_anybody_off(broker: FleetBroker, tmp_path: Path) -> None:
    first = tmp_path / "first.crt"
    old = kept(add_host(broker.fleet, "shed"), tmp_path / "old")
    shutil.copy(broker.fleet / "mosquitto" / "authority.crt", first)
    with opened(broker.fleet, nobody, NOW) as transaction:
        authorities.rotate_authority(transaction)
    new = rotate(broker.fleet, "shed")
    broker.restart()
    for given in (old, new):
        with Visitor(broker.port, given / "authority.crt", given) as one:
            assert one.inside
    with opened(broker.fleet, nobody, NOW) as transaction:
        renew(transaction)
    revoke(broker.fleet, "shed", old=True)
    with opened(broker.fleet, nobody, NOW) as transaction:
        authorities.retire_authority(transaction)
    broker.restart()
    assert [let_in(broker, old), let_in(broker, new)] == [False, True]
    with Visitor(broker.port, first, new) as one:  # who trusts the old one only would not talk to this broker
        assert not one.inside


def test_the_daemon_reaches_the_broker_with_what_it_is_given(broker: FleetBroker, tmp_path: Path) -> None:
    add(broker.fleet, "shed")
    broker.restart()
    files = {Path(each.place).name: each.source for each in delivered(broker.fleet, "shed")}
    identity = files["device.key"].parent
    environment = {**parse_values(files["environment"].read_bytes(), ""), "FORESIGHT_IDENTITY": str(identity)}
    settings = load(files["foresight.yaml"], Settings, environment).mqtt
    assert (settings.device, settings.port, settings.host) == ("shed", broker.port, "localhost")
    session = Session(settings, V5, lambda _: None, lambda _: None)
    session.open(threading.Event())
    session.close()
    bare = settings.model_copy(update={"tls": TlsSettings(ca_file=identity / "authority.crt")})
    with pytest.raises(BrokerError):
        Session(bare, V5, lambda _: None, lambda _: None).open(threading.Event())


def test_the_daemon_says_all_it_has_to_say_within_its_rights(broker: FleetBroker, tmp_path: Path) -> None:
    template = broker.fleet / "template.yaml"
    cameras = template.read_text().index("\ncameras:")
    sensors = "sensors: {tank: {source: zigbee2mqtt/tank}}\n"
    template.write_text(f"{template.read_text()[:cameras]}\n{sensors}")
    identity, collector = add(broker.fleet, "shed"), add_host(broker.fleet, "collector")
    broker.restart()
    environment = parse_values((identity.parent / "environment").read_bytes(), "")
    more = {**environment, "FORESIGHT_IDENTITY": str(identity), "STATE_DIRECTORY": str(tmp_path / "state")}
    with visitor(broker, collector) as host:
        host.listens("#")
        with Daemon(identity.parent / "foresight.yaml", more):
            for topic in ("foresight/shed/available", "homeassistant/device/shed/foresight_shed/config"):
                host.hears(topic)
            host.hears("homeassistant/device/shed/foresight_shed_tank/config")


@pytest.mark.parametrize(("shown", "good"), [("mosquitto/broker", True), ("device", False)])
def test_a_device_cannot_pass_for_the_broker(tmp_path: Path, shown: str, good: bool) -> None:
    fleet = tmp_path / "fleet"
    begun(fleet)
    shed = add(fleet, "shed")
    chain = fleet / shown if good else shed / shown
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(f"{chain}.crt", f"{chain}.key")
    client = tls_context(TlsSettings(ca_file=shed / "authority.crt"))
    client.check_hostname = False  # were the name right, too
    client.sslsocket_class = ssl.SSLSocket
    assert shakes_hands(server, client) == good


def shakes_hands(server: ssl.SSLContext, client: ssl.SSLContext) -> bool:
    """Whether a client trusts a server; both in memory."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(down, up)
    other = server.wrap_bio(up, down, server_side=True)
    done: set[ssl.SSLObject] = set()
    for _ in range(10):
        for end in (one, other):
            try:
                end.do_handshake()
                done.add(end)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                if "purpose" not in str(error):
                    raise
                return False
        if len(done) == 2:
            return True
    raise AssertionError("the handshake did not end")
