"""Whether the converter made what was asked for: it writes files that nothing can run without a word."""

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.tflite import read_graph
from trainer.errors import TrainError
from trainer.export.reorder import reorder_outputs
from trainer.export.tasks import Expected


def checked_model(model: bytes, wanted: Expected) -> bytes:
    """A bare model with its outputs in the order that readers expect.

    Raises:
        TrainError: it has other outputs, or operators that no reader has.
    """
    try:
        graph = read_graph(model)
        foreign = sorted(graph.custom - wanted.custom)
        if foreign:
            raise TrainError(f"the network uses {', '.join(foreign)}, which no device runs; build it of other layers")
        return reorder_outputs(model, wanted.outputs)
    except (MalformedError, ModelError) as error:
        raise TrainError(f"the converted model cannot be used: {error}") from error
