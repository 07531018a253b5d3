"""A sensor learns by a real model file: from readings to weights that serve."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F64, Head
from edge.contracts.windows import Scaling, SeriesWindow
from edge.learning.division import span_s
from edge.learning.learnt import errors_with
from edge.learning.promotion import Terms
from edge.learning.readings import SeriesSampler
from edge.learning.sample import Sample, shapes_of, stacked
from edge.learning.settings import LearningSettings
from edge.learning.standing import EXPORTED
from edge.learning.subject import Subject
from edge.runtime.settings import RuntimeSettings
from edge.runtime.trainable import open_trainable
from tests.rigs.learning_model import learning_series

WINDOW = SeriesWindow(("level",), 8, 1.0, Scaling.FIXED, (20.0,), (2.0,), (1, 4))
SETTINGS = LearningSettings(rate=0.05, epochs=5)
TERMS = Terms(first=100, every=100, shadow=30, window=60)


def wave(count: int) -> F64:
    return 20 + 3 * np.sin(np.arange(count) / 3) + np.random.default_rng(1).normal(0, 0.1, count)


def come(values: F64, window: SeriesWindow) -> list[Sample]:
    sampler = SeriesSampler(Head.SERIES, window)
    known = np.ones(1, bool)
    return [
        one
        for number, value in enumerate(values)
        for one in sampler.node(1e6 + number * window.step_s, np.array([value]), known, fresh=False)
    ]


@pytest.mark.parametrize(
    ("window", "span", "count"),
    [
        (WINDOW, 11, 700),
        (replace(WINDOW, samples=48, step_s=3600.0), 51 * 3600, 2400),  # two days of readings, for hundred days
    ],
)
def test_a_sensor_learns(tmp_path: Path, window: SeriesWindow, span: float, count: int) -> None:
    bundle = read_bundle(learning_series(tmp_path / "series.tflite", window))
    assert span_s(bundle) == span
    given = come(wave(count), window)
    with open_trainable(bundle, RuntimeSettings(threads=1)) as trainee:
        subject = Subject(tmp_path / "sensor", bundle, trainee.weights().weights, SETTINGS, TERMS)
        for begin in range(0, len(given), 20):
            subject.compare(trainee, given[begin : begin + 20])
            subject.offer(given[begin : begin + 20])
            if subject.due():
                subject.learn(trainee, lambda: True)
        assert subject.standing.serving != EXPORTED
        later = stacked(given[-60:], shapes_of(bundle))
        exported, serving = (
            errors_with(trainee, weights, later).mean() for weights in (0 * subject.serving, subject.serving)
        )
        assert serving < 0.5 * exported
        subject.close()
