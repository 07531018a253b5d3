"""Releases over the broker that the device speaks with anyway: it asks, part by part, and who serves them answers."""

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager

from edge.contracts.bus import Bus, Message
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release_wire import MISSING, PART_BYTES, Ask, Part, encode_ask, parse_part
from edge.contracts.topics import Topics
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.source import MissingError, Stream

ANSWER_S = 5.0  # for one question
QUESTIONS = 3  # for the same part: either may be lost
MOST_WAITING = 4


class AskingSource:
    """Asks for one part after the other. One thread uses it. Subscribes when it is first used.

    Args:
        bus: to the broker.
        topics: of the device.
        answer_s: how long an answer may take.
    """

    def __init__(self, bus: Bus, topics: Topics, answer_s: float = ANSWER_S) -> None:
        self._bus, self._topics, self._answer_s = bus, topics, answer_s
        self._answers: queue.Queue[Part] = queue.Queue(MOST_WAITING)
        self._number = 0
        self._subscribed = False

    @contextmanager
    def open(self, path: str, offset: int, limit: int) -> Iterator[Stream]:
        """See `Source`."""
        if not self._subscribed:
            self._bus.subscribe(self._topics.update_part, self._heard)
            self._subscribed = True
        first = self._asked(path, offset, limit)
        if first.size == MISSING:
            raise MissingError(f"{path} is not there, says the broker's side")
        yield Stream(offset, self._chunks(path, offset, limit, first))

    def _chunks(self, path: str, offset: int, limit: int, part: Part) -> Iterator[bytes]:
        end = offset + limit + 1  # one more than is of use: more than there may be is to be seen
        while part.data:
            yield part.data
            offset += len(part.data)
            if offset >= min(part.size, end):
                return
            part = self._asked(path, offset, end - offset)

    def _asked(self, path: str, offset: int, limit: int) -> Part:
        for _ in range(QUESTIONS):
            self._number += 1
            ask = Ask(self._number, path, offset, max(1, min(limit, PART_BYTES)))
            self._bus.publish(self._topics.update_ask, encode_ask(ask))
            part = self._answer(ask)
            if part is not None:
                return part
        raise RefusedError(
            Reason.UNREACHABLE,
            f"{path}: nobody answers on {self._topics.update_part}; is foresight-firmware release serve running?",
        )

    def _answer(self, ask: Ask) -> Part | None:
        until_s = time.monotonic() + self._answer_s
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                part = self._answers.get(timeout=left_s)
            except queue.Empty:
                return None
            if part.number == ask.number and len(part.data) <= ask.length:
                return part
        return None

    def _heard(self, message: Message) -> None:
        """On the bus's thread: what is of no use is dropped."""
        try:
            self._answers.put_nowait(parse_part(message.payload))
        except (MalformedError, queue.Full):
            return
