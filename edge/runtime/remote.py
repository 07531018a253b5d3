"""A model that runs in a process of its own, for the sake of an accelerator that may hang or crash."""

import json
import mmap
import os
import socket
import sys
import time
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.process import Child
from edge.contracts.sandbox import bare_environment
from edge.runtime.interpreters import Plan

OUTPUT_BYTES = 1 << 24  # room for a model's outputs; only what is used becomes memory
ANSWER_BYTES = 1 << 16


class RemoteModel:
    """Entered by the constructor: when it returns, the model has run once. `close` it when it is not needed.

    Args:
        plan: file, accelerator and its library.
        input_bytes: of the model's input tensor.
        open_s: how long loading may take.

    Raises:
        ModelError: the accelerator or the model cannot be used; says why.
    """

    def __init__(self, plan: Plan, input_bytes: int, open_s: float) -> None:
        self._plan, self._input_bytes = plan, input_bytes
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        memory = os.memfd_create("foresight-tensors")
        try:
            os.ftruncate(memory, input_bytes + OUTPUT_BYTES)
            self._memory = mmap.mmap(memory, 0)
            argv = [sys.executable, "-P", "-m", "edge.runtime.served", json.dumps(asdict(plan))]
            passed = (theirs.fileno(), memory)
            self._child = Child([*argv, *map(str, passed)], passed, bare_environment())
        finally:
            theirs.close()
            os.close(memory)
        self._bytes = np.frombuffer(self._memory, np.uint8)
        try:
            self._answer(time.monotonic() + open_s)
        except ModelError:
            self.close()
            raise

    def run(self, tensor: NDArray[Any], limit_s: float) -> tuple[NDArray[Any], ...]:
        """Run once; the arrays are the caller's to keep. After an error only closing makes sense.

        Raises:
            ModelError: it failed, died, or gave no answer in time.
        """
        flat = np.ascontiguousarray(tensor).reshape(-1).view(np.uint8)
        if flat.size != self._input_bytes:
            raise ModelError(f"{self._plan.path} takes {self._input_bytes} bytes and was given {flat.size}")
        self._bytes[: flat.size] = flat
        try:
            self._channel.send(b"!")
        except OSError as error:
            raise self._trouble("is gone") from error
        answer = self._answer(time.monotonic() + limit_s)
        return tuple(self._outputs(answer))

    def close(self) -> None:
        """End the process, however it hangs."""
        self._child.kill()
        self._channel.close()

    def _answer(self, deadline_s: float) -> dict[str, Any]:
        try:
            in_time = self._child.wait_for(self._channel.fileno(), deadline_s)
            heard = self._channel.recv(ANSWER_BYTES) if in_time else b""
        except OSError as error:
            raise self._trouble("is gone") from error
        if not in_time:
            raise self._trouble("does not answer")
        answer: dict[str, Any] = json.loads(heard or b'{"error": ""}')
        if "error" in answer:
            raise self._trouble(answer["error"] or "has crashed")
        return answer

    def _outputs(self, answer: dict[str, Any]) -> list[NDArray[Any]]:
        arrays, at = [], self._input_bytes
        for shape, name in zip(answer["shapes"], answer["dtypes"], strict=True):
            dtype = np.dtype(name)
            count = int(np.prod(shape)) * dtype.itemsize
            arrays.append(self._bytes[at : at + count].view(dtype).reshape(shape).copy())
            at += count
        return arrays

    def _trouble(self, what: str) -> ModelError:
        said = self._child.said().split("; ")[-1]
        return ModelError(f"the {self._plan.accelerator} {what}{f' ({said[:200]})' if said else ''}")
