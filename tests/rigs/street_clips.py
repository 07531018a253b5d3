"""The rendered street as a clip of known objects, without its pictures."""

import numpy as np

from edge.demo.street import truth_of
from edge.demo.traffic import Traffic
from edge.demo.truth import LABELS
from edge.demo.view import View
from tests.rigs.foretold import Clip

SIZE = (480, 270)


def street_clip(seed: int, duration_s: float, fps: float = 6.0) -> tuple[Clip, dict[int, str]]:
    """True boxes, hidden parts included, frame by frame, and what each object is."""
    traffic, nothing = Traffic(seed, View(*SIZE)), np.zeros(SIZE[::-1], np.uint8)
    clip: Clip = []
    labels: dict[int, str] = {}
    for frame in range(round(duration_s * fps)):
        truth = truth_of(traffic.at(frame / fps), nothing)
        clip.append((frame / fps, dict(zip(truth.id.tolist(), truth.box.astype(np.float64), strict=True))))
        labels.update(zip(truth.id.tolist(), (LABELS[label] for label in truth.label.tolist()), strict=True))
    return clip, labels
