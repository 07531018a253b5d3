"""Series that drift, lived through by a model that learns: the part of `adapt` that is about sensors.

| series | what it is | the base has learnt from |
|---|---|---|
| `series-jumps` | that of `drift`: a wave changes its period, then its level, then its noise | first phase |
| `series-drifts` | a wave whose period shrinks from 40 steps to 23, evenly over its life | what was before |
| `series-LUFL` | ETTh1, a load of a transformer, hour by hour | first 12 months |
| `series-OT` | ETTh1, the temperature of its oil | first 12 months |

The base is the linear model with the least squared error on what it learns from, so nothing is left in there that more
training would have found. It is a model file that learns by plain descent with momentum, scaled by each window, and
lives through all the rest reading by reading; every forecast is by whichever weights served when it was made, and its
error is in standard deviations of the window. Terms and settings are the daemon's.

What chose: the settings owe nothing to these series. Of ETTh1's channels and nine series of NAB, `LUFL` was taken
because it drifts: a linear model fitted to the months in between has an error 20 % smaller in the last months than one
fitted to the first year; for the others that is between 5 % more and 4 % less, so there is next to nothing to learn,
and `OT` stands for them: learning must not harm it.
"""

import csv
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32, F64, Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.learnt import errors_with
from edge.learning.promotion import Terms
from edge.learning.readings import SeriesSampler
from edge.learning.sample import Batch, Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.bench.adapt_lived import Lived
from tests.bench.drift import PHASE, STEPS, series
from tests.rigs.learning_model import learning_series

SAMPLES, RIDGE = 32, 1e-5  # of a window; of least squares
HOUR_S, YEAR = 3600.0, 12 * 30 * 24  # as in the benchmark `ett`
BEGIN_S, TOGETHER = 1e6, 8  # samples that are compared and kept at a time
PERIODS, NOISE, SLOW_SEED = (40.0, 23.0), 0.1, 6


@dataclass(frozen=True, eq=False, slots=True)
class Course:
    """A series; readings before the life begins are what the base learns from."""

    values: F64  # (n,)
    step_s: float
    before: int


def course(name: str, data: Path) -> Course:
    """One of `COURSES`."""
    return COURSES[name](data)


def _jumps(_: Path) -> Course:
    return Course(series(), 1.0, PHASE)


def _drifts(_: Path) -> Course:
    """It changes all the time once the first phase is over."""
    at = np.arange(4 * PHASE)
    period = np.interp(at, (PHASE, 4 * PHASE), PERIODS)
    noise = NOISE * np.random.default_rng(SLOW_SEED).normal(size=len(at))
    return Course(20 + 3 * np.sin(np.cumsum(2 * np.pi / period)) + noise, 1.0, PHASE)


def _ett(data: Path, channel: str) -> Course:
    with (data / "sensors" / "ETTh1.csv").open() as file:
        return Course(np.array([float(row[channel]) for row in csv.DictReader(file)]), HOUR_S, YEAR)


COURSES: Mapping[str, Callable[[Path], Course]] = {
    "series-jumps": _jumps,
    "series-drifts": _drifts,
    "series-LUFL": partial(_ett, channel="LUFL"),
    "series-OT": partial(_ett, channel="OT"),
}


def live_series(course: Course, settings: LearningSettings, terms: Terms) -> Lived:
    """Errors of the base and of what served, forecast by forecast, and where it stood in the end."""
    first = course.values[: course.before]
    window = SeriesWindow(
        ("level",),
        SAMPLES,
        course.step_s,
        Scaling.WINDOW,
        (float(first.mean()),),
        (float(first.std()),),
        (1, STEPS),
    )
    with tempfile.TemporaryDirectory() as folder:
        bundle = read_bundle(learning_series(Path(folder) / "series.tflite", window, batch=32))
        with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
            exported = _fitted(runtime, window, first)
            subject = Subject(Path(folder) / "sensor", bundle, exported, settings, terms)
            try:
                life = _Life(subject, runtime, exported)
                life.live(window, course.values[course.before :])
                return Lived(np.array(life.base), np.array(life.served), subject.standing)
            finally:
                subject.close()


def _fitted(runtime: TrainableRuntime, window: SeriesWindow, values: F64) -> F32:
    """(N,) weights of least squares: the kernel (inputs, outputs) row by row, then the bias."""
    batch = stacked([one for some in _come(window, values) for one in some], shapes_of(runtime.bundle))
    rows = len(batch)
    x = np.hstack([batch.arrays["window"].reshape(rows, -1), np.ones((rows, 1))]).astype(np.float64)
    y = batch.arrays["future"].reshape(rows, -1).astype(np.float64)
    found: F32 = np.linalg.solve(x.T @ x + RIDGE * rows * np.eye(x.shape[1]), x.T @ y).astype(np.float32).ravel()
    return found


class _Life:
    """Predict, then learn."""

    def __init__(self, subject: Subject, runtime: TrainableRuntime, exported: F32) -> None:
        self._subject, self._runtime, self._exported = subject, runtime, exported
        self.base, self.served = list[float](), list[float]()
        # what served when the forecasts were made that are judged now
        self._then: deque[F32] = deque(maxlen=STEPS + 1)

    def live(self, window: SeriesWindow, values: F64) -> None:
        """Reading by reading."""
        waiting = list[Sample]()
        for some in _come(window, values):
            self._then.append(self._subject.serving)
            if some:
                self._judge(stacked(some, shapes_of(self._runtime.bundle)))
            waiting += some
            if len(waiting) >= TOGETHER:
                self._learn(waiting)
                waiting = []

    def _judge(self, batch: Batch) -> None:
        base = errors_with(self._runtime, self._exported, batch).tolist()
        self.base += base
        unchanged = self._then[0] is self._exported
        self.served += base if unchanged else errors_with(self._runtime, self._then[0], batch).tolist()

    def _learn(self, samples: list[Sample]) -> None:
        self._subject.compare(self._runtime, samples)
        self._subject.offer(samples)
        if self._subject.due():
            self._subject.learn(self._runtime, lambda: True)


def _come(window: SeriesWindow, values: F64) -> Iterator[list[Sample]]:
    """What each reading completes: a sample, or nothing yet."""
    sampler, known = SeriesSampler(Head.SERIES, window), np.ones(1, bool)
    for at, value in enumerate(values):
        yield sampler.node(BEGIN_S + at * window.step_s, np.array([value]), known, fresh=False)
