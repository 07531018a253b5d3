"""A network as it is served: one picture in, and the outputs that readers of its task expect."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from edge.contracts.manifest import Task
from edge.contracts.types import F32
from trainer.detector.architecture import Architecture, grid
from trainer.export.postprocess import OUTPUTS, PostProcess
from trainer.trained import Trained

Outputs = Callable[[Any], dict[str, Any]]  # of what the network gives


class Served(tf.Module):  # type: ignore[misc] # TensorFlow comes without types
    """What a SavedModel is made of: the function, and the weights that belong to it.

    The weights are named here because a function alone keeps none of them: it converts without complaint to a file
    that holds no weights.
    """

    def __init__(self, model: Any, trained: Trained, post_process: PostProcess) -> None:
        super().__init__()
        self.weights = [variable.value for variable in model.variables]
        outputs = _MADE_BY[trained.task](trained, post_process)
        shape = (1, trained.input_px, trained.input_px, 3)  # a free batch would add operators, and no TPU takes it

        def serve(picture: Any) -> dict[str, Any]:
            return outputs(model(picture, training=False))

        self.serve = tf.function(serve, input_signature=[tf.TensorSpec(shape, tf.float32, name="picture")])


def _detector(trained: Trained, post_process: PostProcess) -> Outputs:
    """Boxes, classes, scores, count."""
    suppress = _suppression(post_process, len(trained.labels))
    anchors = anchor_table(Architecture(len(trained.labels), trained.input_px))

    def outputs(raw: Any) -> dict[str, Any]:
        found = suppress(raw["boxes"], tf.sigmoid(raw["logits"]), tf.constant(anchors))
        return dict(zip(OUTPUTS, found, strict=True))

    return outputs


def anchor_table(architecture: Architecture) -> F32:
    """(A, 4) centre y, centre x, height, width: the boxes that raw boxes of nothing stand for."""
    cells = grid(architecture)
    return np.concatenate([cells.centre[:, ::-1], cells.base, cells.base], axis=1)


def _suppression(post_process: PostProcess, classes: int) -> Any:
    """The operator as a function; the converter puts the operator in its place, what it computes is never run."""
    rows = post_process.max_detections
    shapes = ((1, rows, 4), (1, rows), (1, rows), (1,))

    def suppress(boxes: Any, scores: Any, anchors: Any) -> Any:
        del boxes, scores, anchors
        return tuple(tf.zeros(shape) for shape in shapes)

    return tf.function(suppress, experimental_implements=post_process.attributes(classes))


def _named(_trained: Trained, _post_process: PostProcess) -> Outputs:
    """The outputs that the network has itself."""
    return dict


_MADE_BY: Mapping[Task, Callable[[Trained, PostProcess], Outputs]] = {
    Task.DETECTOR: _detector,
    Task.CLASSIFIER: _named,
    Task.EMBEDDER: _named,
}
