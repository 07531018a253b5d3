"""The learner's process without the process: gauges whose levels go up and down, and what learns to foretell them."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.learning_state import SubjectState, read_subject
from edge.contracts.stored import Json
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learners.learners import Learners
from edge.learners.order import Order, SensorTask
from edge.learners.wire import pack_reading
from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings
from tests.rigs.learning_model import learning_series

WINDOW = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (20.0,), (3.0,), (1, 2, 4))
TERMS = Terms(first=60, every=40, shadow=24, window=48, soonest=24, rest=40)
NEVER = replace(TERMS, first=1 << 40)  # nobody is trained
PERIOD, WAVE, MOST_WAVES, GAP_STEPS = 24, 100, 30, 3
SECOND_NS = 1_000_000_000


class Gauges:
    """Gauges `names`, all of one model file, and a clock that only tests move."""

    def __init__(
        self, folder: Path, names: str, terms: Terms = TERMS, rests_s: Mapping[str, float] | None = None
    ) -> None:
        path = folder / "tank.tflite"
        self.model = path if path.exists() else learning_series(path, WINDOW)
        self.bundle = read_bundle(self.model)
        self.folder, self.names, self.now_s, self._sent = folder / "learning", names, 10_000.0, 0
        tasks = tuple([SensorTask(name, str(path), self.bundle.sha256, GAP_STEPS) for name in names])
        settings = LearningSettings(enabled=True, rate=0.05, epochs=4)
        order = Order(str(self.folder), "run", True, settings, terms, (), tasks, rests_s or {})
        self.learners = Learners(order, lambda: self.now_s)
        self.learners.open()

    def wave(self) -> None:
        """Some readings of all gauges, a second apart; what waits is stored afterwards."""
        for _ in range(WAVE):
            level = np.array([20 + 3 * math.sin(math.tau * self._sent / PERIOD)])
            for number in range(len(self.names)):
                self.learners.take(pack_reading(number, self._sent * SECOND_NS, level))
            self._sent += 1
            self.now_s += 1.0
        self.learners.settle()

    def learn(self, breathe: Callable[[], bool] = lambda: True) -> bool:
        """Whoever is due; see `Learners.learn`."""
        return self.learners.learn(breathe)

    def live_until(self, wanted: Callable[[], object]) -> None:
        """Readings and learning in turns until something holds; fails where it does not come to that."""
        for _ in range(MOST_WAVES):
            if wanted():
                return
            self.wave()
            while self.learn():
                pass
            self.learners.open()
        raise AssertionError([self.state(name) for name in self.names])

    def command(self, do: str, name: str) -> None:
        """As the daemon sends it."""
        self.learners.take(json.dumps({"do": do, "subject": name}).encode())

    def state(self, name: str) -> SubjectState:
        """What the daemon is told of one of them."""
        return read_subject(self._told(name))

    def _told(self, name: str) -> Mapping[str, Json]:
        told: Mapping[str, Json] = json.loads(json.dumps(self.learners.told()[1 + self.names.index(name)]))
        return told
