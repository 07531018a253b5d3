"""The process that drives an accelerator: `python -m edge.runtime.served ORDER CHANNEL MEMORY`.

An accelerator's driver may hang, or abort the process that it runs in; so that is not the daemon's. CHANNEL is the
number of an inherited SOCK_SEQPACKET socket, MEMORY that of an inherited memory file.

1. We load the model, run it once on zeros, and say `{"ready": true}`.
2. The parent writes a tensor to the start of the memory and sends one byte.
3. We run the model, write its outputs one after the other behind the tensor, and say `{"shapes", "dtypes"}`.
4. Trouble is answered with `{"error": ...}`, and we end. When the channel closes, we end, even in the middle of a run.
"""

import json
import mmap
import os
import queue
import socket
import sys
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.runtime.interpreters import Plan, open_interpreter
from edge.runtime.libraries import find_library


class Desk:
    """A model, and the memory that its tensors come and go by."""

    def __init__(self, plan: Plan, memory: int) -> None:
        self._interpreter: Any = open_interpreter(find_library(), plan)
        detail = self._interpreter.get_input_details()[0]
        self._bytes = np.frombuffer(mmap.mmap(memory, 0), np.uint8)
        self._index = detail["index"]
        count = int(np.prod(detail["shape"])) * np.dtype(detail["dtype"]).itemsize
        self._input: NDArray[Any] = self._bytes[:count].view(detail["dtype"]).reshape(detail["shape"])
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]

    def run(self) -> dict[str, object]:
        """Run once; where the outputs begin and what they are is told."""
        self._interpreter.set_tensor(self._index, self._input)
        self._interpreter.invoke()
        arrays = [self._interpreter.get_tensor(index) for index in self._outputs]
        at = self._input.nbytes
        for array in arrays:
            flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
            self._bytes[at : at + flat.size] = flat
            at += flat.size
        return {"shapes": [array.shape for array in arrays], "dtypes": [str(array.dtype) for array in arrays]}


def main(order: str, channel_number: str, memory_number: str) -> None:
    """Serve one parent."""
    channel = socket.socket(fileno=int(channel_number))
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(channel, asked), daemon=True).start()
    try:
        desk = Desk(Plan(**json.loads(order)), int(memory_number))
        desk.run()
        channel.send(b'{"ready": true}')
        while asked.get():
            channel.send(json.dumps(desk.run()).encode())
    except (ModelError, RuntimeError, ValueError) as error:
        line = (str(error).splitlines() or [type(error).__name__])[0]
        channel.send(json.dumps({"error": line[:1000]}).encode())


def _listen(channel: socket.socket, asked: "queue.SimpleQueue[bytes]") -> None:
    """Note what the parent wants; end the process, even one that hangs in a driver, when the parent is gone."""
    while wanted := channel.recv(1):
        asked.put(wanted)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
