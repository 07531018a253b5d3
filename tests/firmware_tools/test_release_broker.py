"""Releases that are served over a broker: where it is, and that it may not be there."""

import threading
from pathlib import Path

import pytest

from edge.contracts.errors import BrokerError
from firmware_tools.errors import MistakeError
from firmware_tools.release.naming import broker_place
from firmware_tools.release.serving import BrokerPlace, serve
from tests.rigs.broker import Broker, passwords
from tests.rigs.ports import closed_port
from tests.rigs.releases import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


def test_a_broker_by_its_address(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hush\n")
    place = broker_place("shed:1883", "me", password, None, "foresight")
    assert place == BrokerPlace("shed", 1883, "me", "hush", None, "foresight")
    for address in ("", "shed", "shed:", ":1883", "shed:0", "shed:70000", "shed:x"):
        with pytest.raises(MistakeError, match="host:port"):
            broker_place(address, "", None, None, "foresight")
    for prefix, file, ca in (("a/b", None, None), ("x", tmp_path / "no", None), ("x", None, tmp_path / "no")):
        with pytest.raises(MistakeError):
            broker_place("shed:1", "", file, ca, prefix)


def test_a_broker_that_is_not_there(workshop: Workshop) -> None:
    with closed_port() as port, pytest.raises(BrokerError, match="is a broker running there"):
        serve(workshop.places, BrokerPlace("127.0.0.1", port, "", "", None), threading.Event(), lambda: None)


def test_a_broker_that_refuses_us(workshop: Workshop, tmp_path: Path) -> None:
    passwords(tmp_path / "users", "releases", "hush-hush")
    with Broker((f"password_file {tmp_path / 'users'}",), anonymous=False) as broker:
        place = BrokerPlace("127.0.0.1", broker.port, "releases", "wrong-wrong", None)
        with pytest.raises(BrokerError, match="refuses us") as caught:
            serve(workshop.places, place, threading.Event(), lambda: None)
    assert "wrong-wrong" not in str(caught.value)
