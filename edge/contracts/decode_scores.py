"""Outputs of models that look at one object: class scores and embeddings."""

import numpy as np

from edge.contracts.decode_common import Outputs, are_logits, output
from edge.contracts.errors import ModelError
from edge.contracts.tensors import real
from edge.contracts.types import F32, ModelBundle


def class_scores(outputs: Outputs, bundle: ModelBundle) -> F32:
    """Scores (C,) in 0..1 of a classifier, one per label; softmax only where the model leaves logits.

    Raises:
        ModelError: the model has not as many classes as labels.
    """
    values = real(output(outputs, bundle, 1)[0].reshape(-1), bundle.outputs[0])
    if len(values) != len(bundle.labels):
        raise ModelError(
            f"{bundle.path}: {len(values)} classes but {len(bundle.labels)} labels; "
            "give the label file that belongs to the model"
        )
    readable = np.isfinite(values)
    if are_logits(values[readable]):
        return _softmax(np.where(readable, values, -np.inf).astype(np.float32))
    return np.clip(np.where(readable, values, 0), 0, 1).astype(np.float32)


def embedding(outputs: Outputs, bundle: ModelBundle) -> F32:
    """The feature vector (D,) of an embedding model, of length 1; all zero where the model gives nothing usable."""
    values = np.nan_to_num(real(output(outputs, bundle, 1)[0].reshape(-1), bundle.outputs[0]), posinf=0, neginf=0)
    length = np.linalg.norm(values)
    return values / length if length > 0 else values


def _softmax(logits: F32) -> F32:
    raised = np.exp(logits - logits.max())
    scores: F32 = raised / raised.sum()
    return scores
