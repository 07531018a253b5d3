"""Releases that are served over a broker: where it is, and that it may not be there."""

import threading
from pathlib import Path

import pytest

from edge.contracts.errors import BrokerError
from firmware_tools.broker import Credentials, Endpoint, PasswordAccess, access_by, endpoint
from firmware_tools.errors import MistakeError
from firmware_tools.release.serving import serve
from tests.rigs.broker import Broker, passwords
from tests.rigs.fleet import FleetBroker, add_host
from tests.rigs.ports import closed_port
from tests.rigs.releases import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


def test_a_broker_by_its_address(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hush\n")
    at = endpoint(PasswordAccess(address="shed:1883", username="me", password_file=password))
    assert at == Endpoint("shed", 1883, "me", "hush", None, "foresight")
    for address in ("", "shed", "shed:", ":1883", "shed:0", "shed:70000", "shed:x"):
        with pytest.raises(MistakeError, match="host:port"):
            endpoint(PasswordAccess(address=address))
    for prefix, file, ca in (("a/b", None, None), ("x", tmp_path / "no", None), ("x", None, tmp_path / "no")):
        with pytest.raises(MistakeError):
            endpoint(PasswordAccess(address="shed:1", password_file=file, ca_file=ca, prefix=prefix))


def test_a_broker_that_is_not_there(workshop: Workshop) -> None:
    with closed_port() as port, pytest.raises(BrokerError, match="is a broker running there"):
        serve(
            workshop.repository, endpoint(PasswordAccess(address=f"127.0.0.1:{port}")), threading.Event(), lambda: None
        )


def test_a_broker_that_refuses_us(workshop: Workshop, tmp_path: Path) -> None:
    passwords(tmp_path / "users", "releases", "hush-hush")
    with Broker((f"password_file {tmp_path / 'users'}",), anonymous=False) as broker:
        password = tmp_path / "password"
        password.write_text("wrong-wrong")
        access = PasswordAccess(
            address=f"127.0.0.1:{broker.port}", username="releases", password_file=tmp_path / "password"
        )
        with pytest.raises(BrokerError, match="refuses us") as caught:
            serve(workshop.repository, endpoint(access), threading.Event(), lambda: None)
    assert "wrong-wrong" not in str(caught.value)


def test_a_host_of_a_fleet_serves_at_the_fleets_broker(workshop: Workshop, tmp_path: Path) -> None:
    workshop.release()
    stop, ready = threading.Event(), threading.Event()
    with FleetBroker(tmp_path / "fleet") as broker:
        add_host(broker.fleet, "releases")
        broker.restart()
        credentials = Credentials(broker.fleet, "releases", "", None, None)
        at = endpoint(access_by(credentials, f"127.0.0.1:{broker.port}", "foresight"))
        host = threading.Thread(target=serve, args=[workshop.repository, at, stop, ready.set])
        host.start()
        try:
            assert ready.wait(30)
        finally:
            stop.set()
            host.join(30)
        with pytest.raises(MistakeError, match=r"nobody is called 'other'"):
            endpoint(access_by(Credentials(broker.fleet, "other", "", None, None), "", "foresight"))
    with pytest.raises(MistakeError, match="known by its certificate"):
        access_by(Credentials(tmp_path, "releases", "me", None, None), "", "foresight")
