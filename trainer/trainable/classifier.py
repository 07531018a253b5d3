"""A trained classifier as what learns: its head, on the embedding of a backbone that stays as it is.

The head's columns are its classes and some spare ones, which a device may be taught. E numbers of an embedding, L
columns of the head.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from edge.contracts.trainable import TARGETS
from edge.contracts.types import F32, Head
from trainer.classifier.network import EMBEDDING, LOGITS, PROBABILITIES
from trainer.errors import TrainError
from trainer.quantise.network import fake_quantised
from trainer.trainable.pupil import Pupil

UNTAUGHT = -20.0  # bias of a spare class: its probability is 0 as far as anybody can tell


def classifier_pupil(model: Any, spare: int, pictures: Iterable[F32] | None) -> Pupil:
    """The head of a finished classifier; the vector is its kernel (E, L) row by row, then its bias (L,).

    Args:
        model: as `trainer.classifier.network.finished` made it: of pictures (B, S, S, 3), -1..1.
        spare: classes that can be added.
        pictures: batches (B, S, S, 3) that measure the ranges of int8, in which the backbone is to compute; None: it
            computes as it does in the network.

    Raises:
        TrainError: it has no such head, or its backbone does not quantise.
    """
    if LOGITS not in {layer.name for layer in model.layers} or EMBEDDING not in model.output:
        raise TrainError(f"the network has no layer {LOGITS} on an {EMBEDDING}; train it with this trainer")
    backbone = keras.Model(model.input, {EMBEDDING: model.output[EMBEDDING]})
    if pictures is not None:
        backbone = fake_quantised(backbone, pictures, 0)
    kernel, bias = model.get_layer(LOGITS).get_weights()
    first = np.pad(kernel, ((0, 0), (0, spare))), np.pad(bias, (0, spare), constant_values=UNTAUGHT)
    fixed = (
        [one.numpy() for one in backbone.trainable_variables],
        [one.numpy() for one in backbone.non_trainable_variables],
    )

    def serve(weights: Sequence[Any], picture: Any) -> Mapping[str, Any]:
        outputs, _ = backbone.stateless_call(*fixed, picture, training=False)
        return {PROBABILITIES: tf.nn.softmax(_logits(weights, outputs[EMBEDDING])), **outputs}

    extent, columns = first[0].shape
    return Pupil(
        head=Head.CLASSIFIER,
        first=first,
        given=("picture", (1, *model.inputs[0].shape[1:])),
        outputs=(PROBABILITIES, EMBEDDING),
        targets=dict(zip(TARGETS[Head.CLASSIFIER], ((extent,), (columns,), ()), strict=True)),
        serve=serve,
        learn=lambda weights, vector: {LOGITS: _logits(weights, vector)},
    )


def _logits(weights: Sequence[Any], vector: Any) -> Any:
    return tf.matmul(vector, weights[0]) + weights[1]
