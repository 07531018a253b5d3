"""Devices that learn together, without a network: the same files, the same turns, one after another."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.federated import Answer, Ask
from edge.contracts.trainable import Trainee
from edge.contracts.types import F32, F64
from edge.federated.subjects import subjects, together
from edge.federated.turn import Manner, take_turn
from edge.learning.division import span_s
from edge.learning.learnt import errors_with
from edge.learning.reservoir import Reservoir
from edge.learning.sample import Sample, form_of, shapes_of
from edge.learning.settings import LearningSettings
from edge.learning.subject import SAMPLES

KEEPS = LearningSettings(samples=4000)


def filled(learning: Path, trainee: Trainee, samples: Sequence[Sample], name: str = "yard") -> Path:
    """The folder of learning of a device whose daemon has stored these samples for one camera."""
    bundle = trainee.bundle
    path = learning / name / SAMPLES
    reservoir = Reservoir(path, shapes_of(bundle), form_of(bundle), span_s(bundle), KEEPS)
    try:
        reservoir.add(samples)
    finally:
        reservoir.close()
    return learning


@dataclass
class Together:
    """A `Fleet` in this process: devices take turns on one model."""

    trainee: Trainee
    exported: F32  # (N,)
    learning: Mapping[str, Path]  # device -> its folder
    how: Manner

    def devices(self) -> Sequence[str]:
        return list(self.learning)

    def ask(self, devices: Sequence[str], ask: Ask, awaited: Container[str]) -> Mapping[str, Answer | str]:
        return {device: self.turn(device, ask) for device in devices}

    def turn(self, device: str, ask: Ask) -> Answer:
        own = subjects(self.learning[device], self.trainee.bundle, self.exported)
        return take_turn(self.trainee, self.exported, own, ask, self.how, lambda: True)

    def held_errors(self, weights: F32) -> F64:
        """(n,) of all that no device has learnt from."""
        every = [one for path in self.learning.values() for one in subjects(path, self.trainee.bundle, self.exported)]
        held = together([batch for one in every for batch in (one.held, one.held_old)])
        return errors_with(self.trainee, weights, held)


def length(vector: np.ndarray) -> float:
    return float(np.linalg.norm(vector))
