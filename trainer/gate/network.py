"""Does the float file find what the trained network finds? A converter can lose the weights and say nothing."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.types import Detections
from trainer.gate.agreement import shared
from trainer.gate.verdict import Check, Question, failed, passed, unknown

SURE = 0.3  # a score from which both must find a box
LEAST_SHARE = 0.95  # they differ in the last digits, so that a box or two change sides of a threshold
LEAST_IOU = 0.95


def as_network(network: Sequence[Detections], file: Sequence[Detections], labels: int) -> Check:
    """Whether the file does what the network does, picture by picture.

    Args:
        network: what the trained network finds.
        file: what the float32 file finds on the same pictures.
        labels: how many there are.
    """
    found = shared(network, file, np.full(labels, SURE))
    if not found.sure:
        best = max((float(one.score.max()) for one in network if len(one)), default=0.0)
        return unknown(
            Question.NETWORK,
            f"the network itself is not sure of a single box (best score {best:.2f}); train longer, or on more",
        )
    said = f"{found.shared} of the {found.sure} boxes that the network finds, mean IoU {found.mean_iou:.3f}"
    if found.share < LEAST_SHARE or found.mean_iou < LEAST_IOU:
        return failed(Question.NETWORK, f"the float file finds only {said}; export again, or report this as a defect")
    return passed(Question.NETWORK, f"the float file finds {said}")
