"""A series that drifts, lived through by a model that learns: the part of `adapt` that is about sensors.

The series is that of the benchmark `drift`: a wave that changes its period, then its level, then its noise. A linear
model file that learns, scaled by each window, is fitted to the first of the four phases, which makes its exported
weights, and lives through the other three reading by reading; every forecast is by whichever weights served when it was
made.
"""

import tempfile
from collections import deque
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F32, F64, Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.fitting import Fit, fit
from edge.learning.promotion import Terms
from edge.learning.readings import SeriesSampler
from edge.learning.learnt import errors_with
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import Standing
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import TrainableRuntime, open_trainable
from tests.bench.drift import PHASE, STEPS, series
from tests.rigs.learning_model import learning_series

WINDOW = SeriesWindow(("level",), 32, 1.0, Scaling.WINDOW, (20.0,), (3.0,), (1, STEPS))
BEGIN_S, TOGETHER = 1e6, 8  # samples that are compared and kept at a time
RATE = 0.01  # of its plain gradient descent


def live_series(settings: LearningSettings, terms: Terms) -> tuple[F64, F64, Standing]:
    """Errors of the exported weights and of what served, forecast by forecast, and where it stood in the end."""
    values = series()
    with tempfile.TemporaryDirectory() as folder:
        bundle = read_bundle(learning_series(Path(folder) / "series.tflite", WINDOW, batch=32))
        with open_trainable(bundle, RuntimeSettings(threads=1)) as runtime:
            exported = _fitted(runtime, values[:PHASE])
            chosen = settings.model_copy(update={"rate": RATE})
            subject = Subject(Path(folder) / "sensor", bundle, exported, chosen, terms)
            try:
                return (*_lived(subject, runtime, exported, values[PHASE:]), subject.standing)
            finally:
                subject.close()


def _fitted(runtime: TrainableRuntime, values: F64) -> F32:
    sampler = SeriesSampler(Head.SERIES, WINDOW)
    known = stacked(
        [one for at, value in enumerate(values) for one in _read(sampler, at, value)], shapes_of(runtime.bundle)
    )
    nothing = known[np.zeros(len(known), bool)]
    return fit(runtime, runtime.weights().weights, known, nothing, Fit(RATE, 20, 0.0), lambda: True).weights


def _lived(subject: Subject, runtime: TrainableRuntime, exported: F32, values: F64) -> tuple[F64, F64]:
    sampler, shapes = SeriesSampler(Head.SERIES, WINDOW), shapes_of(runtime.bundle)
    base, served, waiting = list[float](), list[float](), list[Sample]()
    before: deque[F32] = deque(maxlen=STEPS + 1)  # what served when the forecasts were made that are judged now
    for at, value in enumerate(values):
        before.append(subject.serving)
        for sample in _read(sampler, at, value):
            one = stacked([sample], shapes)
            base += errors_with(runtime, exported, one).tolist()
            served += errors_with(runtime, before[0], one).tolist()
            waiting.append(sample)
        if len(waiting) >= TOGETHER:
            subject.compare(runtime, waiting)
            subject.offer(waiting)
            waiting = []
        if subject.due():
            subject.learn(runtime, lambda: True)
    return np.array(base), np.array(served)


def _read(sampler: SeriesSampler, at: int, value: float) -> list[Sample]:
    return sampler.node(BEGIN_S + at, np.array([value]), np.ones(1, bool), fresh=False)
