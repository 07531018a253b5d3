"""What is said of a converted sequence network, and that it fits the window that it was built for."""

from collections.abc import Mapping

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.manifest import Calibration, Manifest
from edge.contracts.tflite import read_graph
from edge.contracts.window_rules import check_tensors
from trainer.errors import TrainError
from trainer.export.bundle import LABELS
from trainer.export.checked import checked_model
from trainer.export.describe import revision
from trainer.export.variant import Variant
from trainer.sequences.tasks import expected_of
from trainer.sequences.trained import SequenceTrained

Metrics = Mapping[str, Mapping[str, float]]  # by part of the data, by name
NO_METRICS: Metrics = {}


def sequence_manifest(
    trained: SequenceTrained, variant: Variant, samples: int, metrics: Metrics, recipe: str
) -> Manifest:
    """What stands in the file; `samples` windows of the training part measured its ranges, 0 = none had to."""
    return Manifest(
        task=trained.task,
        head=expected_of(trained.task).head,
        name=trained.name,
        version="1",
        labels=LABELS if trained.labels else "",
        input=trained.window,
        metrics=metrics,
        quantisation=variant.quantisation,
        calibration=Calibration("train" if samples else "", samples),
        recipe=recipe,
        revision=revision(),
    )


def checked_sequence(model: bytes, trained: SequenceTrained) -> bytes:
    """The bare model, with the outputs of its task in their order.

    Raises:
        TrainError: it is not what its task asks for, or does not fit its window.
    """
    wanted = expected_of(trained.task)
    bare = checked_model(model, wanted)
    graph = read_graph(bare)
    try:
        check_tensors(wanted.head, trained.window, graph.inputs[0], graph.outputs)
    except MalformedError as error:
        raise TrainError(
            f"the network does not fit its window: {error}; describe the one that it was built for"
        ) from error
    return bare
