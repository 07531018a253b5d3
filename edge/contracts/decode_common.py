"""What the decoders share: limits, real values of quantised outputs, and the last clean-up.

Decoders give boxes as fractions of the model's input; `Placement.to_frame` brings them to the frame.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.contracts.boxes import nms
from edge.contracts.errors import ModelError
from edge.contracts.types import F32, I64, Detections, Mask, ModelBundle

Outputs = tuple[NDArray[Any], ...]
Decoder = Callable[[Outputs], Detections]

CANDIDATES = 300  # best rows that enter non-maximum suppression, which costs their square


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a decoder keeps."""

    min_score: float  # 0..1
    nms_iou: float  # 0..1, within one label; unused by heads that suppress by themselves
    max_detections: int


def are_logits(values: F32) -> bool:
    """Whether any value lies outside 0..1 (with the slack of a quantised 1.0), so that they are no probabilities."""
    return bool(values.size and (np.fmin.reduce(values, axis=None) < -0.01 or np.fmax.reduce(values, axis=None) > 1.01))


def sigmoid(values: F32) -> F32:
    """The logistic function, without overflow."""
    half: F32 = np.tanh(values * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5)
    return half


def known(labels: tuple[str, ...]) -> Mask:
    """Which class indices have a name (C,): label tables have holes."""
    return np.array([bool(name) for name in labels], bool)


def sound(box: F32, score: F32, label: I64, named: Mask) -> Mask:
    """Rows (N,) that can be believed: finite, not inside out, a score in 0..1 and a label that has a name."""
    finite = np.isfinite(box).all(axis=1) & (score <= 1.01)
    upright = (box[:, 2:] > box[:, :2]).all(axis=1)
    inside = (label >= 0) & (label < len(named))
    inside[inside] = named[label[inside]]
    return finite & upright & inside


def suppress(found: Detections, limits: DecodeLimits) -> Detections:
    """The best rows, without duplicates within a label, best first."""
    best = np.argsort(-found.score, kind="stable")[:CANDIDATES]
    found = found[best]
    kept = nms(found.box, found.score, found.label, limits.nms_iou)
    return found[kept[: limits.max_detections]]


def output(outputs: Outputs, bundle: ModelBundle, wanted: int) -> Outputs:
    """The outputs, if there are at least as many as wanted.

    Raises:
        ModelError: there are fewer.
    """
    if len(outputs) < wanted or len(bundle.outputs) < wanted:
        raise ModelError(
            f"{bundle.path}: {len(outputs)} outputs where a {bundle.head} head has {wanted}; name the model's real head"
        )
    return outputs
