"""Windows to classes: smoothing, when a class is told, and what is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.messages import wire_schema
from edge.contracts.recognition import UNKNOWN, Recognition, encode_recognised, encode_recognition
from edge.contracts.runtime import NO_ACCELERATOR
from edge.contracts.sound import log_mel, scaled, window_samples
from edge.contracts.types import F32, ColourOrder, Head, InputRecipe, ModelBundle, Resize, TensorSpec
from edge.contracts.windows import Scaling, SeriesWindow, SoundWindow, Window
from edge.sequences.classifier import SequenceClassifier
from edge.sequences.settings import SequenceSettings
from edge.sequences.smoothing import UNSURE, Decision, Smoother
from edge.sequences.sounds import SoundClassifier, loudness_db
from edge.sequences.values import ValueClassifier
from tests.edge.test_messages import checked

SOUND = SoundWindow(8000, 0.032, 0.016, 8, 60.0, 3800.0, 10, (-9.0,) * 8, (2.0,) * 8)
SERIES = SeriesWindow(("x", "y"), 4, 0.1, Scaling.FIXED, (1.0, 2.0), (2.0, 4.0), ())
LABELS = ("up", "down", "noise")
EAGER = SequenceSettings(every_s=0.01, smooth_s=0.0, threshold=0.6, refractory_s=0.0)


class Answering:
    """A runtime whose answers are made by a function of its input."""

    name, delegate, accelerator = "test", "none", NO_ACCELERATOR

    def __init__(self, window: Window, labels: tuple[str, ...] = LABELS, head: Head = Head.SEQUENCE) -> None:
        spec = TensorSpec("window", window.shape, "float32", 0.0, 0)
        outputs = (
            TensorSpec("probabilities", (1, len(LABELS)), "float32", 0.0, 0),
            TensorSpec("embedding", (1, 4), "float32", 0.0, 0),
        )
        recipe = InputRecipe(spec, Resize.STRETCH, ColourOrder.RGB, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        self.bundle = ModelBundle(
            path=Path("m.tflite"),
            sha256="",
            size_bytes=0,
            name="m",
            version="1",
            head=head,
            input=recipe,
            window=window,
            outputs=outputs,
            labels=labels,
            edgetpu=False,
        )
        self.given: list[F32] = []

    def invoke(self, tensor: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        self.given.append(tensor[0].copy())
        up = float(tensor[0].mean() > 0)
        return np.array([[0.8 * up + 0.1, 0.9 - 0.8 * up, 0.0]], np.float32), np.zeros((1, 4), np.float32)


def row(*values: float) -> F32:
    return np.array(values, np.float32)


UP, DOWN, NOISE, EVEN = row(0.9, 0.1, 0), row(0.1, 0.9, 0), row(0.1, 0.1, 0.8), row(0.4, 0.3, 0.3)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], []),
        ([UP, UP], [(0, True), (0, False)]),
        ([EVEN, NOISE], [(UNSURE, False), (UNSURE, False)]),
        ([UP, DOWN, UP], [(0, True), (1, True), (0, False)]),
        ([UP, EVEN, UP], [(0, True), (UNSURE, False), (0, False)]),
        ([UP, EVEN, EVEN, EVEN, UP], [(0, True), (UNSURE, False), (UNSURE, False), (UNSURE, False), (0, True)]),
    ],
)
def test_a_class_is_told_once_as_long_as_it_goes_on(given: list[F32], told: list[tuple[int, bool]]) -> None:
    smoother = Smoother(0.0, 0.6, refractory_s=4.0, ignored=frozenset({2}))
    found = [smoother.step(float(second), one) for second, one in enumerate(given)]
    assert [(one.label, one.fresh) for one in found] == told


def test_overlapping_windows_are_averaged() -> None:
    smoother = Smoother(2.0, 0.6, 0.0, frozenset())
    found = [smoother.step(float(second), one) for second, one in enumerate([UP, DOWN, DOWN])]
    assert found[1] == Decision(UNSURE, 0.5, fresh=False)
    assert (found[2].label, round(found[2].probability, 6), found[2].fresh) == (1, 0.9, True)


def test_quiet_ends_what_was_and_forgets_it() -> None:
    smoother = Smoother(10.0, 0.6, 0.0, frozenset())
    smoother.step(0.0, UP)
    assert smoother.quiet(1.0) == Decision(UNSURE, 0.0, fresh=False)
    assert smoother.step(2.0, DOWN) == Decision(1, float(DOWN[1]), fresh=True)


def test_values_are_scaled_and_classified_once_the_window_is_full() -> None:
    runtime = Answering(SERIES)
    step = ValueClassifier(SequenceClassifier("imu", runtime, EAGER)).step
    values = [np.array([3.0 + t, 6.0]) for t in range(5)]
    found = [step(value, t == 0, t / 10, t) for t, value in enumerate(values)]
    assert [one is None for one in found] == [True, True, True, False, False]
    assert runtime.given[0].tolist() == [[1.0, 1.0], [1.5, 1.0], [2.0, 1.0], [2.5, 1.0]]
    assert found[3] == Recognition("imu", 3, "up", float(np.float32(0.9)), fresh=True)


def test_a_gap_begins_a_window_and_a_number_that_is_none_ends_it() -> None:
    runtime = Answering(SERIES)
    step = ValueClassifier(SequenceClassifier("imu", runtime, EAGER)).step
    for t in range(4):
        step(np.array([1.0, 1.0]), fresh=t in {0, 2}, t_s=float(t), utc_ns=t)
    for t in range(4, 9):
        step(np.array([1.0, np.nan if t == 5 else 1.0]), fresh=False, t_s=float(t), utc_ns=t)
    assert runtime.given == []
    assert step(np.array([1.0, 1.0]), fresh=False, t_s=9.0, utc_ns=9) is not None
    assert np.isfinite(runtime.given[0]).all()


def test_channels_that_do_not_match_are_told_by_name() -> None:
    step = ValueClassifier(SequenceClassifier("imu", Answering(SERIES), EAGER)).step
    with pytest.raises(ModelError, match=r"2 channels \(x, y\) and the sensor has 3"):
        step(np.zeros(3), fresh=True, t_s=0.0, utc_ns=0)


def noise(seconds: float, level: float = 0.1) -> F32:
    return np.random.default_rng(3).normal(0, level, round(seconds * 8000)).astype(np.float32)


@pytest.mark.parametrize("piece", [1, 77, 800, 4000])
def test_sounds_give_the_same_in_pieces_of_any_length(piece: int) -> None:
    sound, runtime = noise(0.5), Answering(SOUND)
    settings = EAGER.model_copy(update={"every_s": 0.1})
    classifier = SoundClassifier(SequenceClassifier("mic", runtime, settings), settings)
    found = []
    for start in range(0, len(sound), piece):
        part = sound[start : start + piece]
        end_s = (start + len(part)) / 8000
        found += list(classifier.step(part, end_s, round(end_s * 1e9)))
    assert len(found) == len(runtime.given) == 4
    assert found[0].label == "up"
    assert runtime.given[0].tobytes() == scaled(log_mel(sound[: window_samples(SOUND)], SOUND), SOUND).tobytes()


def test_a_sound_that_is_too_quiet_is_not_looked_at() -> None:
    runtime = Answering(SOUND)
    classifier = SoundClassifier(SequenceClassifier("mic", runtime, EAGER), EAGER)
    assert list(classifier.step(noise(0), 0.0, 0)) == []
    found = list(classifier.step(np.zeros(4000, np.float32), 0.5, 0))
    assert {(one.label, one.probability, one.fresh) for one in found} == {(UNKNOWN, 0.0, False)}
    assert runtime.given == []


def test_after_a_gap_a_sound_begins_anew() -> None:
    runtime = Answering(SOUND)
    classifier = SoundClassifier(SequenceClassifier("mic", runtime, EAGER), EAGER)
    assert list(classifier.step(noise(0.15), 0.15, 0)) == []
    classifier.clear()
    assert list(classifier.step(noise(0.15), 0.15, 0)) == []


def test_samples_that_are_no_numbers_reach_no_model() -> None:
    runtime = Answering(SOUND)
    classifier = SoundClassifier(SequenceClassifier("mic", runtime, EAGER), EAGER)
    sound = noise(0.5)
    sound[1000], sound[2000] = np.nan, np.inf
    list(classifier.step(sound, 0.5, 0))
    assert len(runtime.given) > 0
    assert all(np.isfinite(one).all() for one in runtime.given)


def test_loudness_is_that_of_a_sine() -> None:
    sine: F32 = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000).astype(np.float32)
    assert abs(loudness_db(log_mel(sine, SOUND), SOUND)) < 1
    assert abs(loudness_db(log_mel(sine * np.float32(0.1), SOUND), SOUND) + 20) < 1


@pytest.mark.parametrize(
    ("runtime", "said"),
    [
        (Answering(SERIES, labels=("up",)), "3 classes and 1 labels"),
        (Answering(SERIES, head=Head.AUTOENCODER), "series classify"),
    ],
)
def test_models_of_another_kind_are_refused(runtime: Answering, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        SequenceClassifier("imu", runtime, EAGER)


def test_a_stranger_and_the_wrong_window_are_refused() -> None:
    stranger = Answering(SERIES)
    stranger.bundle = replace(stranger.bundle, window=None)
    with pytest.raises(ModelError, match="names no windows"):
        SequenceClassifier("imu", stranger, EAGER)
    with pytest.raises(ModelError, match="not a sound"):
        SoundClassifier(SequenceClassifier("imu", Answering(SERIES), EAGER), EAGER)
    with pytest.raises(ModelError, match="microphone"):
        ValueClassifier(SequenceClassifier("mic", Answering(SOUND), EAGER))


def test_options_name_each_class_once() -> None:
    assert SequenceClassifier("a", Answering(SERIES), EAGER).options == ("up", "down", "noise", UNKNOWN)


def test_messages_are_those_of_the_schema() -> None:
    found = Recognition("mic", 1_795_000_000_123_456_789, "seven", 2 / 3, fresh=True)
    told = checked("class", encode_recognition(found))
    assert told == {"v": 1, "sensor": "mic", "utc_ns": found.utc_ns, "class": "seven", "probability": 0.66667}
    event = checked("recognised_body", encode_recognised(found, "pi", "4f2a"))
    assert (event["kind"], event["class"], event["device"], event["run"]) == ("recognised", "seven", "pi", "4f2a")
    assert wire_schema()["$defs"]["recognised"]["x-topic"] == "foresight/<device>/events"


def test_a_window_that_was_filled_in_for_more_than_a_quarter_shows_nothing() -> None:
    step = ValueClassifier(SequenceClassifier("imu", Answering(SERIES), EAGER)).step
    held = [False, True, False, False, True, False, False, False]
    found = [step(np.array([3.0, 6.0]), t == 0, t / 10, t, held=one) for t, one in enumerate(held)]
    assert [one is not None for one in found] == [False, False, False, True, False, True, True, True]
