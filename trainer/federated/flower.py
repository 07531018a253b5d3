"""The devices as Flower reaches them. Loaded only where Flower is installed.

Each device is waited for by a thread of its own: a device that dies while its answer is on its way holds up whoever
fetches that answer, for hours where it comes to the worst, and must not hold up the others.
"""

import threading
import time
from collections.abc import Container, Mapping, Sequence

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

from edge.contracts.errors import MessageError
from edge.contracts.federated import KIND, Answer, Ask, heard_answer, told_ask

LOOK_S = 0.5  # between looks whether an answer is there
GRACE_S = 30.0  # for which the host keeps a question beyond its deadline


class FlowerFleet:
    """A `Fleet`. Not thread-safe."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def devices(self) -> Sequence[str]:
        """Who is there: the numbers that Flower knows them by."""
        return [str(node) for node in sorted(self._grid.get_node_ids())]

    def ask(self, devices: Sequence[str], ask: Ask, awaited: Container[str]) -> Mapping[str, Answer | str]:
        """The answers that came in time, or why there is none; a device may be missing. See `Fleet`."""
        end_s = time.monotonic() + ask.deadline_s
        messages = [_message(device, ask) for device in devices]
        asked = dict(zip(devices, self._grid.push_messages(messages), strict=True))
        found: dict[str, Answer | str] = {}
        threads = {
            device: threading.Thread(target=self._wait, args=(device, number, end_s, found), daemon=True)
            for device, number in asked.items()
            if number is not None
        }
        for thread in threads.values():
            thread.start()
        for device, thread in threads.items():
            if device in awaited:
                thread.join(max(0.0, end_s - time.monotonic()))
        return dict(found)  # threads that still wait write into the other one

    def _wait(self, device: str, number: str, end_s: float, found: dict[str, Answer | str]) -> None:
        """Until the answer to a message is there, or the time has come."""
        while time.monotonic() < end_s:
            for reply in self._grid.pull_messages([number]):
                found[device] = _answer(reply)
                return
            time.sleep(LOOK_S)


def _message(device: str, ask: Ask) -> Message:
    arrays, fields = told_ask(ask)
    content = RecordDict(
        {
            "arrays": ArrayRecord({name: Array(values) for name, values in arrays.items()}),
            "fields": ConfigRecord(dict(fields)),
        }
    )
    ttl = ask.deadline_s + GRACE_S
    return Message(content, dst_node_id=int(device), message_type=KIND, ttl=ttl, group_id=str(ask.round))


def _answer(reply: Message) -> Answer | str:
    """What a device has said, or what is wrong with it."""
    if reply.has_error():
        return f"it failed: {reply.error.reason}"
    try:
        arrays = {name: one.numpy() for name, one in reply.content["arrays"].items()}
        return heard_answer(arrays, dict(reply.content["fields"]))
    except (MessageError, KeyError, AttributeError, ValueError, TypeError, EOFError) as error:
        return f"its answer cannot be read: {error}"
