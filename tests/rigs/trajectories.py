"""Trajectory models for tests: a real file that only rearranges its input, and stand-ins that compute known answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edge.contracts.manifest import FILE_NAME, Calibration, Manifest, Task, encode_manifest
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.track_windows import MOTION_COLUMNS, columns
from edge.contracts.types import F32, ColourOrder, Head, InputRecipe, ModelBundle, Resize, TensorSpec
from edge.contracts.windows import TrackWindow
from tests.rigs.tflite import archive

HORIZONS_S = (0.5, 1.0, 2.0, 3.0)
WINDOW = TrackWindow(32, 8, 0.25, HORIZONS_S, 1, (), 0)
SLICE, RESHAPE, FLOAT32, INT32 = 65, 22, 0, 2
STEP = (MOTION_COLUMNS.index("step_x"), MOTION_COLUMNS.index("step_y"))
PRESENT = MOTION_COLUMNS.index("present")


def window(**changed: Any) -> TrackWindow:
    """The window of the tests' models, with some of it changed."""
    return TrackWindow(**{name: changed.get(name, getattr(WINDOW, name)) for name in TrackWindow.__slots__})


def trajectory_bundle(of: TrackWindow = WINDOW, sha256: str = "a" * 64) -> ModelBundle:
    """As it would be read from a file."""
    given = TensorSpec("tracks", (of.tracks, of.samples, columns(of)), "float32", 0.0, 0)
    recipe = InputRecipe(given, Resize.STRETCH, ColourOrder.RGB, (0, 0, 0), (1, 1, 1))
    outputs = tuple(TensorSpec(name, shape, "float32", 0.0, 0) for name, shape in _outputs(of).items())
    return ModelBundle(
        Path("turner.tflite"), sha256, 0, "turner", "1", Head.TRAJECTORY, recipe, of, outputs, (), edgetpu=False
    )


Answers = Callable[[F32, TrackWindow], F32]


@dataclass
class StandIn:
    """A `Runtime` without a file: computes by a formula what a network would have to learn. Not a model."""

    answers: Answers  # departures (B, K, 2) from the straight line, of the input (B, S, F)
    log_sigma: float = -3.0
    bundle: ModelBundle = field(default_factory=trajectory_bundle)
    calls: int = 0
    name = "stand-in"
    delegate = "none"
    accelerator = NO_ACCELERATOR

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self.calls += 1
        of = self.bundle.window
        assert isinstance(of, TrackWindow)
        assert tensor.shape == self.bundle.input.tensor.shape
        mean = np.repeat(self.answers(tensor, of)[:, None], of.modes, axis=1).astype(np.float32)
        sigma = np.full((of.tracks, of.modes, len(of.horizons_s)), self.log_sigma, np.float32)
        return np.zeros((of.tracks, of.modes), np.float32), mean, sigma


def on_the_same_circle(x: F32, of: TrackWindow) -> F32:
    """Departures of who goes on turning as in the last steps: right on a roundabout, wrong where things go straight.

    The network's answer is per step of the grid and seconds ahead, in scales.
    """
    steps = x[:, -4:, STEP[0]] + 1j * x[:, -4:, STEP[1]]
    speed = np.abs(steps).mean(axis=1)
    turns = np.angle(steps[:, 1:] * np.conj(steps[:, :-1])).mean(axis=1)
    ahead = np.array(of.horizons_s) / of.step_s
    rate = np.where(np.abs(turns) < 1e-4, 1e-4, turns)[:, None]
    heading = np.angle(steps[:, -1])[:, None] + rate / 2
    path = speed[:, None] * np.exp(1j * heading) * (np.exp(1j * rate * ahead) - 1) / (1j * rate)
    straight = speed[:, None] * ahead
    off = (path - straight) / ahead
    return np.stack([off.real, off.imag], axis=-1)


def nothing_new(x: F32, of: TrackWindow) -> F32:
    """No departure: the straight line."""
    return np.zeros((len(x), len(of.horizons_s), 2), np.float32)


def nonsense(x: F32, of: TrackWindow) -> F32:
    """What is no number."""
    return np.full((len(x), len(of.horizons_s), 2), np.nan, np.float32)


def _outputs(of: TrackWindow) -> dict[str, tuple[int, ...]]:
    b, m, k = of.tracks, of.modes, len(of.horizons_s)
    return {"logit": (b, m), "mean": (b, m, k, 2), "log_sigma": (b, m, k)}


def write_rearranger(path: Path, of: TrackWindow = WINDOW, task: Task = Task.FORECASTER) -> Path:
    """A real model file of one mode. The departure at horizon k is the step at the k-th of the last K nodes.

    `log_sigma` at horizon k is whether the k-th of the first K nodes is present; so is the logit of the first.
    """
    assert of.modes == 1
    k, model, graph = len(of.horizons_s), schema.ModelT(), schema.SubGraphT()
    pieces = {
        "logit": ((0, 0, PRESENT), (of.tracks, 1, 1)),
        "mean": ((0, of.samples - k, STEP[0]), (of.tracks, k, 2)),
        "log_sigma": ((0, 0, PRESENT), (of.tracks, k, 1)),
    }
    shape = (of.tracks, of.samples, columns(of))
    model.buffers = [_buffer(b"")]
    graph.tensors = [_tensor("tracks", shape, FLOAT32, 0)]
    graph.operators, graph.inputs, graph.outputs = [], [0], []
    for name, (begin, size) in pieces.items():
        first = len(graph.tensors)
        for constant in (begin, size, _outputs(of)[name]):
            model.buffers.append(_buffer(np.array(constant, np.int32).tobytes()))
            graph.tensors.append(_tensor("", (len(constant),), INT32, len(model.buffers) - 1))
        graph.tensors.append(_tensor("", size, FLOAT32, 0))
        graph.tensors.append(_tensor(name, _outputs(of)[name], FLOAT32, 0))
        graph.operators.append(_operator(0, [0, first, first + 1], first + 3))
        graph.operators.append(_operator(1, [first + 3, first + 2], first + 4))
        graph.outputs.append(first + 4)
    model.version, model.subgraphs, model.description = 3, [graph], "test"
    model.operatorCodes = [_code(SLICE), _code(RESHAPE)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    manifest = Manifest(
        task, Head.TRAJECTORY, "rearranger", "1", "", of, {}, "none", Calibration("", 0), "by hand", "none"
    )
    path.write_bytes(bytes(builder.Output()) + archive({FILE_NAME: encode_manifest(manifest)}))
    return path


def _tensor(name: str, shape: tuple[int, ...], kind: int, buffer: int) -> "schema.TensorT":
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
    return tensor


def _buffer(data: bytes) -> "schema.BufferT":
    buffer = schema.BufferT()
    buffer.data = list(data)
    return buffer


def _operator(code: int, inputs: list[int], output: int) -> "schema.OperatorT":
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, [output]
    return operator


def _code(number: int) -> "schema.OperatorCodeT":
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = number, number, 1
    return code
