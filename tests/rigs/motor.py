"""The scorer of a sensor that learns, without a process and a daemon: readings in, scores and what serves out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.assembly import Models
from edge.config.sequences import SensorEntry
from edge.config.settings import ModelFile
from edge.contracts.bundle import read_bundle
from edge.contracts.learning_state import SubjectState, read_subject
from edge.contracts.limits import read_limit
from edge.contracts.types import F32, F64
from edge.contracts.windows import Scaling, SeriesWindow
from edge.federated.reading import read_samples
from edge.learners.adaptive import AdaptiveModel
from edge.learners.learners import Learners
from edge.learners.order import Order, SensorTask
from edge.learners.serving import Serving
from edge.learners.wire import pack_reading
from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings
from edge.learning.subject import SAMPLES
from edge.runtime.settings import RuntimeSettings
from edge.scorers import build_scorer
from edge.series.reconstruction import Judge, Reconstruction
from tests.rigs.learning_model import learning_autoencoder

WINDOW = SeriesWindow(("shake",), 8, 1.0, Scaling.FIXED, (0.0,), (1.0,), ())
TERMS = Terms(first=60, every=40, shadow=24, window=48, soonest=24, rest=40)
NAME, GAP_STEPS, WAVE, BEGIN_S = "motor-scorer", 3, 100, 10_000
SECOND_NS = 1_000_000_000
Shake = Callable[[F64], F64]  # readings (n,) at times (n,), seconds


def known(*periods: float) -> F32:
    """Weights that reconstruct what is made of waves of these periods, and nothing else."""
    at = np.arange(WINDOW.samples)
    waves = [wave(2 * np.pi * at / period) for period in periods for wave in (np.sin, np.cos)]
    basis, _ = np.linalg.qr(np.stack(waves, axis=1))
    return np.concatenate([(basis @ basis.T).ravel(), np.zeros(WINDOW.samples)]).astype(np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """Of readings (n,), one after another."""

    told: F64  # as the daemon tells them
    exported: F64  # by the weights of the file alone
    served: F64  # by the weights that serve alone


class Motor:
    """A sensor whose scorer learns; time is that of its readings.

    Args:
        folder: of the model and of what is learnt.
        weights: that the model is exported with.
        limit: that its file tells.
    """

    def __init__(self, folder: Path, weights: F32, limit: float) -> None:
        self.bundle = read_bundle(learning_autoencoder(folder / "motor.tflite", WINDOW, limit, weights=weights))
        self.folder, self._t_s = folder / "learning", BEGIN_S
        task = SensorTask(NAME, str(self.bundle.path), self.bundle.sha256, GAP_STEPS)
        settings = LearningSettings(enabled=True, rate=0.05, epochs=6)
        order = Order(str(self.folder), "run", True, settings, TERMS, (), (task,), {})
        self.learners = Learners(order, lambda: float(self._t_s))
        self.learners.open()
        self._models = Models(RuntimeSettings(), folder)
        self.model = AdaptiveModel(self._models.trainable(self.bundle))
        self._serving = Serving(self.folder, {NAME: self.model})
        told = read_limit(self.bundle)
        self._models.lend(NAME, self.model)
        entry = SensorEntry.model_validate({"source": "t", "scorer": str(self.bundle.path)})
        exported = self._models.light(ModelFile(path=self.bundle.path))
        self._scorers = (
            build_scorer("motor", entry, self._models)(),
            Reconstruction([Judge(exported, lambda: told.error)], GAP_STEPS),
            Reconstruction([Judge(self.model, lambda: told.of(self.model.scores))], GAP_STEPS),
        )

    def close(self) -> None:
        """Let go of models and files."""
        self.learners.close()
        self._models.__exit__(None, None, None)

    def run(self, shake: Shake, seconds: int = WAVE) -> Scores:
        """Learn meanwhile."""
        t_s = self._t_s + np.arange(seconds)
        values = shake(t_s.astype(np.float64))
        scores = []
        for at_s, value in zip(t_s.tolist(), values.tolist(), strict=True):
            self._t_s = at_s + 1
            reading = np.array([value])
            self.learners.take(pack_reading(0, at_s * SECOND_NS, reading))
            scores.append([one.step(float(at_s), reading, None) for one in self._scorers])
        self.learners.settle()
        while self.learners.learn(lambda: True):
            pass
        self._serving.follow(NAME, self.state.serving)
        self.model.turn()
        return Scores(*np.array(scores).T)

    @property
    def state(self) -> SubjectState:
        """What the daemon is told."""
        return read_subject(self.learners.told()[1])

    def kept(self) -> F64:
        """(n, 8) all windows that are on disk."""
        batches = read_samples(self.folder / NAME / SAMPLES, self.bundle).values()
        return np.concatenate([batch.arrays["window"][:, :, 0] for batch in batches]).astype(np.float64)
