"""Times every part of a chain from outside: wrappers around its source and its models that time what they pass on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import NDArray

from edge.assembly import Models
from edge.cameras.source import Source
from edge.config.settings import ModelFile
from edge.contracts.runtime import Accelerator, Runtime
from edge.contracts.types import Frame, ModelBundle
from edge.health import StageClock
from edge.runtime.settings import RuntimeSettings


class SplitClock(StageClock):
    """A clock that also splits `detect` into what comes before the model, the model, and what comes after it.

    For detectors that run their models once a frame.
    """

    def __init__(self, kept: int) -> None:
        super().__init__(kept)
        self._ran: list[tuple[float, float]] = []  # begin and end of each run of a model in this look

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the enclosed block as `name`."""
        if name == "detect":
            self._ran.clear()
        start = time.perf_counter()
        try:
            yield
        finally:
            end = time.perf_counter()
            self.add(name, end - start)
            if name == "detect" and self._ran:
                self.add("preprocess", self._ran[0][0] - start)
                self.add("invoke", sum(stop - begin for begin, stop in self._ran))
                self.add("decode", end - self._ran[-1][1])

    def ran(self, begin: float, end: float) -> None:
        """A model ran, by `time.perf_counter()`."""
        self._ran.append((begin, end))


class TimedRuntime:
    """A runtime that tells a clock when it ran."""

    def __init__(self, runtime: Runtime, clock: SplitClock) -> None:
        self._runtime, self._clock = runtime, clock

    @property
    def bundle(self) -> ModelBundle:
        """See `Runtime`."""
        return self._runtime.bundle

    @property
    def name(self) -> str:
        """See `Runtime`."""
        return self._runtime.name

    @property
    def delegate(self) -> str:
        """See `Runtime`."""
        return self._runtime.delegate

    @property
    def accelerator(self) -> Accelerator:
        """See `Runtime`."""
        return self._runtime.accelerator

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once. See `Runtime.invoke`."""
        begin = time.perf_counter()
        outputs = self._runtime.invoke(tensor)
        self._clock.ran(begin, time.perf_counter())
        return outputs


class TimedModels(Models):
    """Models whose runs are timed."""

    def __init__(self, settings: RuntimeSettings, state_dir: Path, clock: SplitClock) -> None:
        super().__init__(settings, state_dir)
        self.threads = settings.threads
        self._clock = clock

    def load(self, model: ModelFile) -> Runtime:
        """See `Models.load`."""
        return TimedRuntime(super().load(model), self._clock)


class TimedSource:
    """A source that counts its reading as the stage `read`: decoding of a clip, waiting for a camera."""

    def __init__(self, source: Source, clock: StageClock) -> None:
        self._source, self._clock = source, clock

    @property
    def live(self) -> bool:
        """As the source itself."""
        return self._source.live

    def __enter__(self) -> Self:
        """Open it."""
        self._source.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._source.__exit__(kind, error, trace)

    def read(self, deadline_s: float) -> Frame | None:
        """The next picture."""
        start = time.perf_counter()
        frame = self._source.read(deadline_s)
        self._clock.add("read", time.perf_counter() - start)
        return frame
