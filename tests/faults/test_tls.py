"""TLS to a real mosquitto: what is trusted, what is refused and in which words, and that nothing goes out in plain."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.mqtt.link import MqttLink
from edge.mqtt.settings import MqttSettings, TlsSettings
from tests.rigs.broker import Broker, passwords
from tests.rigs.certificates import DAY, Authority, Pair
from tests.rigs.host import wait_until
from tests.rigs.wire import RawServer

SECOND = dt.timedelta(seconds=1)


def encrypted(authority: Authority, own: Pair, *, clients: bool = False) -> Broker:
    lines = [f"cafile {authority.cert}", f"certfile {own.cert}", f"keyfile {own.key}"]
    return Broker((*lines, *(["require_certificate true"] if clients else [])))


def settings(port: int, tls: TlsSettings | None, **changes: object) -> MqttSettings:
    given = {"host": "127.0.0.1", "port": port, "device": "dev", "reconnect_max_s": 0.2, "tls": tls}
    return MqttSettings.model_validate({**given, **changes})


def client(authority: Authority, own: Pair | None = None) -> TlsSettings:
    return TlsSettings(ca_file=authority.cert, cert_file=own.cert if own else None, key_file=own.key if own else None)


@contextmanager
def linked(broker: Broker, tls: TlsSettings) -> Iterator[MqttLink]:
    with broker, MqttLink(settings(broker.port, tls)) as link:
        yield link


def refusal(link: MqttLink, caplog: pytest.LogCaptureFixture) -> str:
    """What is said of the broker; fails if it is connected to."""
    assert wait_until(lambda: "MQTT broker:" in caplog.text)
    assert not link.connected
    return caplog.text


def test_a_broker_of_the_authority_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    with linked(encrypted(authority, authority.sign("broker")), client(authority)) as link:
        assert link.wait_connected(60)


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("another authority", "signed by an authority that is not in mqtt.tls.ca_file"),
        ("another address", "for another address; set mqtt.host to the name in it"),
        ("expired", "has expired, by this device's clock"),
        ("not yet valid", "not yet valid by this device's clock; the clock is wrong"),
    ],
)
def test_any_other_broker_is_refused_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, case: str, told: str
) -> None:
    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other")
    pairs = {
        "another authority": lambda: other.sign("broker"),
        "another address": lambda: authority.sign("broker", address="127.0.0.2"),
        "expired": lambda: authority.sign("broker", -DAY, -SECOND),
        "not yet valid": lambda: authority.sign("broker", DAY, 2 * DAY),
    }
    with linked(encrypted(authority, pairs[case]()), client(authority)) as link:
        assert told in refusal(link, caplog)


def test_a_clock_that_comes_right_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A Raspberry Pi without a battery begins in the past: to it every certificate is of the future."""
    authority = Authority(tmp_path, "ca")
    for ahead in (3, 12, 60):  # on a slow machine the future may be there before the first look at it
        with linked(encrypted(authority, authority.sign("broker", ahead * SECOND)), client(authority)) as link:
            assert wait_until(lambda link=link: link.connected or "MQTT broker:" in caplog.text)  # type: ignore[misc]
            if "MQTT broker:" in caplog.text:
                assert "the clock is wrong" in caplog.text
                assert link.wait_connected(120)
                return
    pytest.fail("the certificate was always valid before anybody looked at it")


def test_a_broker_that_asks_for_certificates_gets_ours(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ca")
    own = client(authority, authority.sign("device"))
    with linked(encrypted(authority, authority.sign("broker"), clients=True), own) as link:
        assert link.wait_connected(60)


@pytest.mark.parametrize("rogue", [False, True])
def test_without_a_certificate_that_it_trusts_the_broker_refuses_us(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rogue: bool
) -> None:
    authority, other = Authority(tmp_path, "ca"), Authority(tmp_path, "other")
    own = other.sign("device") if rogue else None
    with linked(encrypted(authority, authority.sign("broker"), clients=True), client(authority, own)) as link:
        assert "mqtt.tls.cert_file" in refusal(link, caplog)


def test_a_broker_that_speaks_no_tls_hears_nothing_in_plain() -> None:
    heard: list[bytes] = []
    with RawServer(lambda line: heard.append(line.recv(4096))) as server:
        given = settings(server.port, TlsSettings(), username="u", password="hush-hush")
        with MqttLink(given) as link:
            assert wait_until(lambda: len(heard) >= 2)
            assert not link.connected
    assert all(one.startswith(b"\x16\x03") for one in heard if one)  # TLS handshakes
    assert not any(b"hush" in one or b"MQTT" in one for one in heard)


@pytest.mark.parametrize(("password", "good"), [("right", True), ("wrong", False)])
def test_a_password_from_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture, password: str, good: bool) -> None:
    (tmp_path / "secret").write_text(f"{password}\n")
    passwords(tmp_path / "passwords", "u", "right")
    with Broker((f"password_file {tmp_path / 'passwords'}",), anonymous=False) as broker:
        given = settings(broker.port, None, username="u", password_file=tmp_path / "secret")
        with MqttLink(given) as link:
            if good:
                assert link.wait_connected(60)
            else:
                assert "user or password" in refusal(link, caplog)
    assert password not in caplog.text


def test_a_password_file_that_is_gone_is_named_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Broker() as broker:
        given = settings(broker.port, None, username="u", password_file=tmp_path / "secret")
        with MqttLink(given) as link:
            assert f"{tmp_path / 'secret'} cannot be read" in refusal(link, caplog)
            (tmp_path / "secret").write_text("x")
            assert link.wait_connected(60)
