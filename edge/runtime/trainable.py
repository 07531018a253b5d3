"""A model that learns where it runs: the runtime over the signatures of its file, and how it is opened.

LiteRT lets an interpreter be driven by `invoke` or by signatures, not by both; so this one answers by its signature
`infer`. An ordinary runtime serves the same file too, by the weights that it was exported with.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.model_file import check_sha256, read_model_file
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.trainable import (
    GET_WEIGHTS,
    INFER,
    LOSS,
    OPTIMIZER,
    RATE,
    SET_WEIGHTS,
    TRAIN,
    WEIGHTS,
    Trainable,
    Weights,
)
from edge.contracts.types import ModelBundle
from edge.runtime.interpreters import applied_delegate, open_interpreter
from edge.runtime.libraries import find_library
from edge.runtime.settings import RuntimeSettings
from edge.runtime.signatures import Signature, checked_signatures
from edge.runtime.tflite import plan_for


class TrainableRuntime:
    """A loaded model that learns: `edge.contracts.trainable.Trainee`, and a context manager that lets go of it."""

    def __init__(
        self, bundle: ModelBundle, trainable: Trainable, signatures: Mapping[str, Signature], name: str, delegate: str
    ) -> None:
        self.bundle = bundle
        self.trainable = trainable
        self.name = name
        self.delegate = delegate
        self.accelerator = NO_ACCELERATOR
        self._signatures = dict(signatures)
        self._input, self._outputs = bundle.input.tensor.name, tuple(spec.name for spec in bundle.outputs)

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """Run once by the present weights; see `Runtime.invoke`. The arrays are the caller's to keep.

        Raises:
            ModelError: the model failed, the tensor does not fit, or the runtime was closed.
        """
        found = self._run(INFER, {self._input: tensor})
        return tuple([found[name] for name in self._outputs])

    def train(self, batch: Mapping[str, NDArray[Any]], rate: float) -> float:
        """One step; the loss before it. See `Trainee.train`.

        Raises:
            ModelError: the batch does not fit, the model failed, or the loss is no finite number.
        """
        found = self._run(TRAIN, {**batch, RATE: np.array([rate], np.float32)})
        loss = float(found[LOSS].reshape(-1)[0])
        if not np.isfinite(loss):
            raise ModelError(
                f"{self.bundle.path}: the loss is {loss}; set its weights again, and leave out what is no number or "
                "learn at a lower rate"
            )
        return loss

    def weights(self) -> Weights:
        """A copy of what it has learnt so far. Raises ModelError."""
        signature = self._signatures.get(GET_WEIGHTS)
        ports = signature.inputs if signature else {}  # it must take something, and looks at nothing
        found = self._run(GET_WEIGHTS, {name: np.zeros(shape, dtype) for name, (shape, dtype) in ports.items()})
        return Weights(found[WEIGHTS], found[OPTIMIZER])

    def set_weights(self, weights: Weights) -> None:
        """Go on from these.

        Raises:
            ModelError: they are of another size, or hold what is no finite number; it is as it was.
        """
        for name, values in ((WEIGHTS, weights.weights), (OPTIMIZER, weights.optimizer)):
            if not np.isfinite(values).all():
                raise ModelError(f"{self.bundle.path}: the {name} given to it hold what is no number; use others")
        self._run(SET_WEIGHTS, {WEIGHTS: weights.weights, OPTIMIZER: weights.optimizer})

    def close(self) -> None:
        """Free the model's memory. Closing twice is fine."""
        self._signatures = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, name: str, given: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
        signature = self._signatures.get(name)
        if signature is None:
            raise ModelError(f"{self.bundle.path} was closed; open it again")
        return signature.run(self.bundle.path, given)


def open_trainable(bundle: ModelBundle, settings: RuntimeSettings) -> TrainableRuntime:
    """Load a model that learns with the best library that is installed.

    A file that was never run here belongs into `edge.runtime.canary.try_model` first.

    Raises:
        ModelError: it does not learn, there is no library for it, it cannot be loaded, its signatures are not what its
            manifest says, its first weights are no numbers, or the file has changed since it was read.
    """
    if bundle.trainable is None:
        raise ModelError(f"{bundle.path} does not learn; export it with --trainable")
    library, plan = find_library(), plan_for(bundle, settings)
    check_sha256(bundle.path, read_model_file(bundle.path, bundle.size_bytes), bundle.sha256)
    interpreter = open_interpreter(library, plan)
    delegate = applied_delegate(interpreter, plan.accelerator)
    signatures = checked_signatures(bundle, bundle.trainable, interpreter)
    runtime = TrainableRuntime(bundle, bundle.trainable, signatures, library.name, delegate)
    first = runtime.weights()
    if not (np.isfinite(first.weights).all() and np.isfinite(first.optimizer).all()):
        raise ModelError(f"{bundle.path}: its first weights are no numbers; fetch it again, or export it again")
    return runtime
