"""What leaves the device: the last events go out before the daemon does."""

import json
from pathlib import Path

import pytest

from edge import delivery
from edge.config.settings import Settings
from edge.delivery import Delivery
from tests.rigs.broker import Broker
from tests.rigs.host import wait_until
from tests.rigs.listener import Listener


def settings(folder: Path, port: int) -> Settings:
    return Settings.model_validate(
        {
            "device": {"state_dir": str(folder)},
            "mqtt": {"host": "127.0.0.1", "port": port, "device": "dev"},
            "cameras": {"yard": {"source": "street"}},
        }
    )


@pytest.mark.parametrize("count", [0, 1, 500])
def test_what_was_found_out_last_goes_out_before_it_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(delivery, "DRAIN_S", 60.0)  # a slow machine takes longer than the second that is given
    with Broker() as broker, Listener(broker.port, "dev") as listener:
        with Delivery(settings(tmp_path, broker.port)) as leaving:
            assert leaving.link.wait_connected(60)
            for number in range(count):
                leaving.outbox.put(leaving.topics.events, json.dumps({"n": number}).encode())
        assert leaving.outbox.stats().rows == 0
        assert wait_until(lambda: len({heard.json["n"] for heard in listener.heard("events")}) == count)
