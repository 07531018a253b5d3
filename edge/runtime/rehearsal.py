"""What a model is made to do before it serves: the part that both children of the canary share.

Light on purpose: this stands between a new model and its first detection.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import Golden, compare
from edge.contracts.golden_input import GoldenInput, make_input
from edge.runtime.faults import Fault, FaultError
from edge.runtime.interpreters import Plan, applied_delegate, open_interpreter
from edge.runtime.libraries import find_library

TRAIN = "train"
LEARNING = (TRAIN, "get_weights", "set_weights", "infer")  # of `edge.contracts.trainable`, which imports much
NO_GOLDEN = "it has no golden.json: what it answered where it was exported is not known"

Arrays = tuple[NDArray[Any], ...]


class Rehearsal:
    """A model that is loaded, to be run in a process that may crash, hang or run out of memory by it.

    Args:
        plan: how it is run.
        golden: its golden sample, None where it has none.

    Raises:
        ModelError: it cannot be loaded.
    """

    def __init__(self, plan: Plan, golden: Golden | None) -> None:
        self._plan, self.golden, self._library = plan, golden, find_library()
        self.interpreter: Any = open_interpreter(self._library, plan)

    def prove(self) -> str:
        """Run on nothing, and on values that differ, for some faults show only then: the golden input, else noise.

        Returns:
            Why its golden input was not compared, "" where it was, and agreed.

        Raises:
            ModelError: it fails, or does not answer here as it did where it was exported.
        """
        self._run(_blank)
        if self.golden is None:
            self._run(_noise)
            return NO_GOLDEN
        unlike = compare(self.golden, self.answer(self.golden.given))
        if unlike:
            here = f"{self._library.key} {applied_delegate(self.interpreter, self._plan.accelerator)}"
            raise FaultError(
                Fault.GOLDEN,
                f"{self._plan.path} does not answer here as it did where it was exported ({self.golden.made_by}; here "
                f"{here}): {'; '.join(unlike)[:500]}; export it again, or see whether this device computes right",
            )
        return ""

    def answer(self, given: GoldenInput) -> Arrays:
        """What it answers to an input, one array for each output.

        Raises:
            ModelError: it fails, or there is no such input for it.
        """
        return self._run(lambda detail: self._made(given, detail))

    def learn(self) -> None:
        """Run all that a model that learns can be asked; after this it cannot be run otherwise any more.

        Raises:
            ModelError: it fails.
        """
        if TRAIN not in self.interpreter.get_signature_list():
            return
        with self._naming():
            for filled in (_blank, _noise):
                for name in LEARNING:
                    runner = self.interpreter.get_signature_runner(name)
                    runner(**{key: filled(detail) for key, detail in runner.get_input_details().items()})

    def _run(self, filled: Callable[[Any], NDArray[Any]]) -> Arrays:
        tensors = [(detail["index"], filled(detail)) for detail in self.interpreter.get_input_details()]
        with self._naming():
            for index, tensor in tensors:
                self.interpreter.set_tensor(index, tensor)
            self.interpreter.invoke()
            return tuple([self.interpreter.get_tensor(one["index"]) for one in self.interpreter.get_output_details()])

    def _made(self, given: GoldenInput, detail: Any) -> NDArray[Any]:
        try:
            return make_input(given, tuple(detail["shape"].tolist()), np.dtype(detail["dtype"]).name)
        except MalformedError as error:
            raise FaultError(Fault.MALFORMED, f"{self._plan.path}: {error}; export it again") from error

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError) as error:
            line = (str(error).splitlines() or [""])[0]
            raise ModelError(
                f"{self._plan.path} failed when it ran: {line}; export it again or choose another model"
            ) from error


@contextmanager
def short_of_memory(path: str, memory_mib: int) -> Iterator[None]:
    """Tell what failed for want of memory: the library says nothing then, or something else.

    Raises:
        FaultError: it did.
    """
    try:
        yield
    except FaultError:
        raise
    except ModelError as error:
        cause = error.__cause__
        failed = isinstance(cause, RuntimeError | ValueError) and not isinstance(cause, MalformedError)
        if failed and (not str(cause) or _tensor_bytes(path) > memory_mib << 20):
            said = f"{path} needs more memory than its trial has (trial_memory_mib = {memory_mib}); use a smaller model"
            raise FaultError(Fault.LIMITS, said) from error
        raise


def _tensor_bytes(path: str) -> int:
    """As it says itself; 0 where it does not say."""
    from pathlib import Path  # noqa: PLC0415 - all import much, and few models fail

    from edge.contracts.model_file import LIMIT_BYTES, read_model_file  # noqa: PLC0415
    from edge.contracts.tflite import tensor_bytes  # noqa: PLC0415

    try:
        return tensor_bytes(read_model_file(Path(path), LIMIT_BYTES))
    except (MalformedError, ModelError):
        return 0


def _blank(detail: Any) -> NDArray[Any]:
    return np.zeros(detail["shape"], detail["dtype"])


def _noise(detail: Any) -> NDArray[Any]:
    """Whole numbers of 7 bits, by Knuth's multiplication; `numpy.random` would be imported for this alone."""
    count = int(np.prod(detail["shape"]))
    values = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) >> np.uint32(25)
    return values.astype(detail["dtype"]).reshape(detail["shape"])
