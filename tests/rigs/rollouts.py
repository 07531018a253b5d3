"""Plans of roll-outs, quick ones, and what was said to devices at a broker."""

import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.contracts.update_state import Wish, parse_desired
from firmware_tools.broker import PasswordAccess
from firmware_tools.rollout.plan import Pace, Plan
from tests.rigs.host import wait_until

WISH = Wish("models/street.tflite", "2")


def names(count: int) -> tuple[str, ...]:
    """Of devices."""
    return tuple(f"d{number:04}" for number in range(count))


def plan(count: int = 10, port: int = 1883, canaries: int = 2, name: str = "autumn", **pace: float) -> Plan:
    """For devices by `names`, in that order, at a pace of seconds."""
    quick: dict[str, Any] = {"soak_s": 0.2, "gone_s": 5.0, "deadline_s": 20.0, "least": 100}
    return Plan(
        name=name,
        wishes=(WISH,),
        devices=names(count),
        canaries=canaries,
        left_out={},
        pace=Pace(**{**quick, **pace}),
        access=PasswordAccess(address=f"127.0.0.1:{port}"),
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class Overheard:
    """Use as a context manager: everything that anybody says is wanted of devices, in the order of the broker."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._said: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        subscribed = threading.Event()
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe("foresight/+/update/desired", 1)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert subscribed.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def said(self, least: int = 0) -> list[tuple[str, str]]:
        """Device and roll-out, "" where it was taken back; waits a while until so many have come."""
        wait_until(lambda: len(self._said) >= least)
        with self._lock:
            return list(self._said)

    def say(self, device: str, payload: bytes) -> None:
        """As somebody else."""
        self._client.publish(f"foresight/{device}/update/desired", payload, 1, retain=True).wait_for_publish(30)
        assert wait_until(lambda: any(one[0] == device for one in self.said()))

    def _hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        rollout = parse_desired(bytes(message.payload)).rollout
        with self._lock:
            self._said.append((message.topic.split("/")[1], rollout))
