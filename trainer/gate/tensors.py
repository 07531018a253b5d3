"""A model file run so that what comes out of every step can be read afterwards: slowly, and never in a daemon."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge.contracts.errors import ModelError
from edge.contracts.head_rules import POSTPROCESS
from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F64, U8, ModelBundle
from edge.imaging import OpenCv


@dataclass(frozen=True, slots=True)
class Step:
    """One operator with one of its outputs."""

    place: int  # in the order of the file
    operator: str
    name: str  # of the output
    shape: tuple[int, ...]
    inputs: tuple[int, ...]  # tensors
    output: int


class Kept:
    """A model with all its tensors. `steps` are those with numbers in them, in the order in which they run."""

    def __init__(self, bundle: ModelBundle) -> None:
        """Load it.

        Raises:
            ModelError: it cannot be loaded.
        """
        self._path = bundle.path
        self._interpreter = _opened(bundle)
        self._prepare = Preprocess(bundle.input, OpenCv())
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._details = {detail["index"]: detail for detail in self._interpreter.get_tensor_details()}
        self.steps = tuple(self._steps())
        self._step_of = {step.output: step for step in self.steps}

    @property
    def ends(self) -> tuple[int, ...]:
        """Where the network itself ends: tensors that a post-process takes, and the outputs of the file."""
        known = self._step_of
        taken = [t for step in self.steps if step.operator == POSTPROCESS for t in step.inputs if t in known]
        outputs = [int(detail["index"]) for detail in self._interpreter.get_output_details()]
        return tuple(dict.fromkeys([*taken, *outputs]))

    def step_of(self, tensor: int) -> Step:
        """The step that a tensor comes out of."""
        return self._step_of[tensor]

    def run(self, pixels: U8) -> None:
        """One picture (h, w, 3) BGR, prepared as the model wants it.

        Raises:
            ModelError: the model failed.
        """
        try:
            self._interpreter.set_tensor(self._input, self._prepare(pixels)[0])
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self._path} failed while its layers were looked at: {error}; convert it again"
            ) from error

    def real(self, tensor: int) -> F64:
        """What a tensor of a step holds after the last run, as real numbers (N, C), C its last extent."""
        real = self._real(tensor)
        return real.reshape(-1, real.shape[-1] if real.ndim else 1)

    def rounded(self, tensor: int, real: F64) -> F64:
        """Real numbers (N, C) as this tensor would store them: rounded to its scale, cut off at its limits."""
        detail = self._details[tensor]
        scale, zero_point = detail["quantization"]
        if not scale:
            return real.astype(detail["dtype"]).astype(np.float64)
        limits = np.iinfo(detail["dtype"])
        return (np.clip(np.rint(real / scale) + zero_point, limits.min, limits.max) - zero_point) * scale

    def weights(self, step: Step) -> F64 | None:
        """A step's weights after a run, real (N, C) with C the channels that come out; None where it has none."""
        if step.operator not in CHANNEL_AXIS or len(step.inputs) < 2:
            return None
        real = np.moveaxis(self._real(step.inputs[1]), CHANNEL_AXIS[step.operator], -1)
        return real.reshape(-1, real.shape[-1])

    def _real(self, tensor: int) -> F64:
        detail = self._details[tensor]
        values: F64 = self._interpreter.get_tensor(tensor).astype(np.float64)
        parameters = detail["quantization_parameters"]
        scales, zero_points = parameters["scales"], parameters["zero_points"]
        if not len(scales):
            return values
        along = [1] * values.ndim
        if len(scales) > 1:
            along[parameters["quantized_dimension"]] = len(scales)
        return (values - zero_points.reshape(along)) * scales.reshape(along)

    def _steps(self) -> list[Step]:
        steps = []
        for place, operator in enumerate(self._interpreter._get_ops_details()):  # noqa: SLF001 - no public way to ask
            inputs = tuple(int(tensor) for tensor in operator["inputs"] if tensor >= 0)
            for tensor in operator["outputs"]:
                detail = self._details.get(int(tensor))
                if detail is not None and detail["dtype"] in NUMBERS:
                    shape = tuple(int(extent) for extent in detail["shape"])
                    steps.append(Step(place, operator["op_name"], detail["name"], shape, inputs, int(tensor)))
        return steps


# Where the channels that come out stand in the weights, which are the second input of these.
CHANNEL_AXIS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
NUMBERS = (np.float32, np.float16, np.int8, np.uint8, np.int16)  # counts and shapes (int32, int64) are no signal


def _opened(bundle: ModelBundle) -> Any:
    try:
        with warnings.catch_warnings():  # it warns of the memory that this takes
            warnings.simplefilter("ignore", UserWarning)
            interpreter = Interpreter(
                model_path=str(bundle.path),
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError, OSError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise ModelError(f"{bundle.path} cannot be loaded to look at its layers: {line}; convert it again") from error
    return interpreter
