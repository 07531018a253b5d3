"""The models in the learner's process, each loaded for all subjects that learn with it."""

from dataclasses import dataclass
from pathlib import Path

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32, ModelBundle
from edge.learners.order import Task
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable


@dataclass(frozen=True, eq=False, slots=True)
class LoadedModel:
    """A model, loaded twice: live comparisons go on while a candidate is trained."""

    bundle: ModelBundle
    exported: F32  # (N,)
    compares: TrainableRuntime
    trains: TrainableRuntime


class LoadedModels:
    """All of them, by the sum of their files."""

    def __init__(self) -> None:
        self._known: dict[str, LoadedModel] = {}

    def of(self, task: Task) -> LoadedModel:
        """The model of a subject. Raises ModelError."""
        if task.sha256 not in self._known:
            bundle = read_bundle(Path(task.path), sha256=task.sha256)
            compares, trains = (open_trainable(bundle, RuntimeSettings(threads=1)) for _ in range(2))
            self._known[task.sha256] = LoadedModel(bundle, compares.weights().weights, compares, trains)
        return self._known[task.sha256]

    def forget(self, task: Task) -> None:
        """Load it anew for the next one who asks: after a fault nobody knows what became of it."""
        self._known.pop(task.sha256, None)
