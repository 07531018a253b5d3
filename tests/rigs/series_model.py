"""A real series model without training: what comes is what was read a window ago, which is right for what recurs."""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edge.contracts.manifest import FILE_NAME, Calibration, Manifest, Task, encode_manifest
from edge.contracts.types import Head
from edge.contracts.windows import Scaling, SeriesWindow
from tests.rigs.tflite import archive
from tests.rigs.trajectories import FLOAT32, INT32, RESHAPE, SLICE, _buffer, _code, _operator, _tensor


def recurring_window(
    channels: tuple[str, ...], period: int, step_s: float, horizons: int, mean: float, std: float
) -> SeriesWindow:
    """What such a model takes: one period; it forecasts the next steps, one by one."""
    c = len(channels)
    steps = tuple(range(1, horizons + 1))
    return SeriesWindow(channels, period, step_s, Scaling.FIXED, (mean,) * c, (std,) * c, steps)


def write_series_model(path: Path, of: SeriesWindow) -> Path:
    """The file, with its manifest inside. All three outputs are pieces of the window: its first steps, and its last."""
    c, k, model, graph = len(of.channels), len(of.horizons), schema.ModelT(), schema.SubGraphT()
    pieces = {
        "mean": ((0, 0, 0), (1, k, c), (1, k, c)),
        "log_sigma": ((0, of.samples - k, 0), (1, k, c), (1, k, c)),
        "state": ((0, of.samples - 1, 0), (1, 1, c), (1, c)),
    }
    model.buffers = [_buffer(b"")]
    graph.tensors = [_tensor("window", of.shape, FLOAT32, 0)]
    graph.operators, graph.inputs, graph.outputs = [], [0], []
    for name, (begin, size, shape) in pieces.items():
        first = len(graph.tensors)
        for constant in (begin, size, shape):
            model.buffers.append(_buffer(np.array(constant, np.int32).tobytes()))
            graph.tensors.append(_tensor("", (len(constant),), INT32, len(model.buffers) - 1))
        graph.tensors += [_tensor("", size, FLOAT32, 0), _tensor(name, shape, FLOAT32, 0)]
        graph.operators += [
            _operator(0, [0, first, first + 1], first + 3),
            _operator(1, [first + 3, first + 2], first + 4),
        ]
        graph.outputs.append(first + 4)
    model.version, model.subgraphs, model.description = 3, [graph], "test"
    model.operatorCodes = [_code(SLICE), _code(RESHAPE)]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    manifest = Manifest(
        Task.SERIES, Head.SERIES, "recurring", "1", "", of, {}, "none", Calibration("", 0), "by hand", "none"
    )
    path.write_bytes(bytes(builder.Output()) + archive({FILE_NAME: encode_manifest(manifest)}))
    return path
