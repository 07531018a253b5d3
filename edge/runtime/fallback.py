"""Serves from an accelerator for as long as it lives, from the CPU while it does not, and looks for its return."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.runtime import Accelerator, Runtime
from edge.contracts.types import ModelBundle
from edge.runtime.libraries import find_library
from edge.runtime.remote import RemoteModel
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import plan_for

OPEN_S = 20.0  # an Edge TPU on USB takes some seconds to be loaded with its firmware
PROBE_FIRST_S, PROBE_MAX_S = 1.0, 5.0
STEADY_S = 60.0  # it has served so long: what happens next is another story
CLOSE_S = 2.0
_log = logging.getLogger(__name__)


class FallbackRuntime:
    """A loaded model: `edge.contracts.runtime.Runtime`, and a context manager.

    Args:
        bundle: compiled for the accelerator.
        settings: its library, and how long it may take.
        cpu: the same model for the CPU, None where there is none.
        changed: told when the accelerator comes or goes, on the inference thread.

    Raises:
        ModelError: there is neither the accelerator nor a CPU model, or the two models differ.
    """

    def __init__(
        self,
        bundle: ModelBundle,
        settings: RuntimeSettings,
        cpu: Runtime | None,
        changed: Callable[[Accelerator], None],
    ) -> None:
        self.bundle = bundle
        self.name = cpu.name if cpu else find_library().name
        self._settings, self._cpu, self._changed = settings, cpu, changed
        self._plan = plan_for(bundle, settings)
        spec = bundle.input.tensor
        self._input_bytes = int(np.prod(spec.shape)) * np.dtype(spec.dtype).itemsize
        if cpu:
            _check_alike(bundle, cpu.bundle)
        self._found: RemoteModel | None = None  # by the prober, for the inference thread to take
        self._stop = threading.Event()
        self._lock = threading.Lock()  # for `_found`
        self._pause_s, self._since_s = PROBE_FIRST_S, 0.0
        self._remote: RemoteModel | None = None
        self._prober: threading.Thread | None = None
        self.accelerator = Accelerator("ok", "", 0)
        self._begin()

    @property
    def delegate(self) -> str:
        """What computes now."""
        return self._plan.accelerator if self._remote else self._cpu.delegate if self._cpu else "none"

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once, on the accelerator where it is there; see `Runtime.invoke`.

        Raises:
            ModelError: the CPU's model failed, or there is none and the accelerator is away.
        """
        self._take_found()
        if self._remote:
            try:
                return self._remote.run(tensor, self._settings.stall_s)
            except ModelError as error:
                self._lose(error)
        if self._cpu is None:
            raise ModelError(f"{self.bundle.path}: {self.accelerator.reason}, and there is no model for the CPU")
        return self._cpu.invoke(tensor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._stop.set()
        if self._prober:
            self._prober.join(CLOSE_S)
        for model in (self._remote, self._found):
            if model:
                model.close()

    def _begin(self) -> None:
        """With a CPU model nobody waits for the accelerator: it may take its time, or hang."""
        if self._cpu is not None:
            self._set(Accelerator("degraded", f"the {self._plan.accelerator} is being opened", 0))
            self._look_for_it(0.0)
            return
        try:
            self._remote = self._open()
        except ModelError as error:
            raise ModelError(
                f"{self.bundle.path} is compiled for an accelerator, and {error}; plug it in, or name the CPU's "
                "version of the model as `cpu`"
            ) from error
        self._set(self.accelerator)

    def _open(self) -> RemoteModel:
        return RemoteModel(self._plan, self._input_bytes, OPEN_S)

    def _lose(self, error: ModelError) -> None:
        """From now on the CPU serves."""
        if self._remote:
            self._remote.close()
        self._remote = None
        if time.monotonic() - self._since_s > STEADY_S:
            self._pause_s = PROBE_FIRST_S
        self._set(Accelerator("degraded", str(error), self.accelerator.lost + 1))
        _log.warning("%s; the CPU serves meanwhile", error)
        self._look_for_it(self._pause_s)

    def _set(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self._changed(accelerator)

    def _look_for_it(self, pause_s: float) -> None:
        self._prober = threading.Thread(target=self._probe, args=(pause_s,), name="accelerator-probe", daemon=True)
        self._prober.start()

    def _probe(self, pause_s: float) -> None:
        """Try to open it, with growing pauses; one that serves for a moment only is not tried ever faster."""
        while not self._stop.wait(pause_s):
            pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, PROBE_MAX_S)
            try:
                found = self._open()
            except ModelError as error:
                _log.debug("not yet: %s", error)
                continue
            with self._lock:
                if not self._stop.is_set():
                    self._found = found
                    return
            found.close()  # nobody will take it

    def _take_found(self) -> None:
        if self._found:
            self._remote, self._found = self._found, None
            self._since_s = time.monotonic()
            _log.info("the %s serves", self._plan.accelerator)
            self._set(Accelerator("ok", "", self.accelerator.lost))


def _check_alike(compiled: ModelBundle, cpu: ModelBundle) -> None:
    """One must be able to stand in for the other."""
    pairs = [(compiled.input.tensor, cpu.input.tensor), *zip(compiled.outputs, cpu.outputs, strict=False)]
    alike = len(compiled.outputs) == len(cpu.outputs) and all(
        one.dtype == other.dtype and (not one.shape or not other.shape or one.shape == other.shape)
        for one, other in pairs
    )
    if not alike or cpu.edgetpu:
        raise ModelError(
            f"{cpu.path} cannot stand in for {compiled.path}: their inputs or outputs differ; give the model that it "
            "was compiled from"
        )
