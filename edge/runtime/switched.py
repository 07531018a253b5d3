"""A loaded model in whose place another one can be put: they are switched between two frames, never within one."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.runtime import Accelerator, Runtime
from edge.contracts.types import ModelBundle, TensorSpec

_NO_TENSOR = TensorSpec("", (), "", 0.0, 0)
_ALIKE: Mapping[str, Callable[[ModelBundle], object]] = {
    "head": lambda bundle: bundle.head.value,
    "table of labels": lambda bundle: bundle.labels,
    "shape of the input": lambda bundle: bundle.input.tensor.shape,
    "type of the input": lambda bundle: bundle.input.tensor.dtype,
    "preparation of pictures": lambda bundle: replace(bundle.input, tensor=_NO_TENSOR),
    "window": lambda bundle: bundle.window,
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    """A loaded model, and what lets go of it."""

    runtime: Runtime
    held: ExitStack


@dataclass(frozen=True, slots=True)
class Failed:
    """A model that gave way to what was before it, and why; "" for none."""

    sha256: str
    why: str


class SwitchedRuntime:
    """A `Runtime`, and a context manager. `turn` and `invoke` are for the thread that runs the chain, the rest for any.

    Two models are held at most: the one that serves, and another one, which was put and waits for its turn, or is what
    was before. A model that fails on probation gives way to what was before with the next frame.

    Args:
        first: serves at first.
    """

    def __init__(self, first: Opened) -> None:
        self._now = self._wanted = first
        self._other: Opened | None = None
        self._lock = threading.Lock()
        self._probation = False
        self.failed = Failed("", "")  # what was put last and did not last

    @property
    def bundle(self) -> ModelBundle:
        """The model that serves. Another one after a switch: who has made something of it makes it anew."""
        return self._now.runtime.bundle

    @property
    def name(self) -> str:
        """The library that runs it."""
        return self._now.runtime.name

    @property
    def delegate(self) -> str:
        """What really computes."""
        return self._now.runtime.delegate

    @property
    def accelerator(self) -> Accelerator:
        """How its accelerator fares."""
        return self._now.runtime.accelerator

    @property
    def wanted(self) -> str:
        """SHA-256 of the model that is to serve from the next frame on."""
        return self._wanted.runtime.bundle.sha256

    def put(self, opened: Opened) -> None:
        """Let this one serve from the next frame on, on probation: what serves now is kept."""
        with self._lock:
            other, self._other = self._other, opened
            self._wanted, self._probation, self.failed = opened, True, Failed("", "")
        if other:
            other.held.close()

    def choose(self, sha256: str) -> bool:
        """Let the one of the two that has this hash serve from the next frame on; False where neither has."""
        with self._lock:
            for one in filter(None, (self._now, self._other)):
                if one.runtime.bundle.sha256 == sha256:
                    self._wanted, self._probation = one, False
                    return True
        return False

    def leave(self, sha256: str) -> bool:
        """Let the other one serve from the next frame on, if the one of this hash does; whether there is one."""
        with self._lock:
            if self._other is None:
                return False
            if self._wanted.runtime.bundle.sha256 == sha256:
                self._wanted = self._other if self._wanted is self._now else self._now
            self._probation = False
            return True

    def settle(self) -> None:
        """What serves is what stays: let go of the other one."""
        with self._lock:
            if self._wanted is not self._now:
                return
            other, self._other, self._probation = self._other, None, False
        if other:
            other.held.close()

    def turn(self) -> None:
        """Between two frames: take up what is wanted."""
        if self._wanted is self._now:
            return
        with self._lock:
            self._now, self._other = self._wanted, self._now
        _log.info("the model %s serves now, %s", self.bundle.path.name, self.bundle.sha256[:12])

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once; see `Runtime.invoke`. Raises ModelError."""
        try:
            return self._now.runtime.invoke(tensor)
        except ModelError as error:
            self._failed(error)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in filter(None, (self._now, self._other)):
            one.held.close()

    def _failed(self, error: ModelError) -> None:
        with self._lock:
            if self._probation and self._other is not None and self._wanted is self._now:
                _log.error("%s; what was before serves again", error)
                self._wanted, self._probation = self._other, False
                self.failed = Failed(self._now.runtime.bundle.sha256, str(error))


def refuse_unlike(now: ModelBundle, other: ModelBundle) -> None:
    """Nothing, where one can take the place of the other between two frames: how numbers are stored may differ.

    Raises:
        ModelError: says what differs.
    """
    for what, told in _ALIKE.items():
        if (mine := told(now)) != (its := told(other)):
            raise ModelError(
                f"{other.path} has another {what} than {now.path}: {its!s:.120} where that has {mine!s:.120}"
            )
