import re

import numpy as np
import pytest

from edge.classify.classifier import Classifier
from edge.classify.embedder import Embedder
from edge.classify.settings import ClassifySettings
from edge.contracts.errors import ModelError
from edge.contracts.types import U8, Head, SubLabel, Tracks
from edge.imaging import OpenCv
from tests.paths import data
from tests.rigs.bundles import Prepared, bundle, feed, tensor
from tests.rigs.litert import real
from tests.rigs.pictures import picture

FRAME: U8 = np.zeros((400, 400, 3), np.uint8)
NAMES = ("background", "tit", "crow", "")
TABLE = ("bird", "car")
FAST = ClassifySettings(runs_per_s=100, runs_per_frame=16)


def tracks(*ids: int, side: float = 0.2, label: int = 0, score: float = 0.8, lost_s: float = 0.0) -> Tracks:
    t = len(ids)
    box = np.tile(np.array([0.1, 0.1, 0.1 + side, 0.1 + side], np.float32), (t, 1))
    full, row = np.full(t, score, np.float32), np.zeros(t, np.float32)
    lost, labels = np.full(t, lost_s, np.float32), np.full(t, label, np.int64)
    past, age = np.zeros((t, 0, 4), np.float32), np.zeros((t, 0), np.float32)
    return Tracks(np.array(ids, np.int64), box, np.zeros_like(box), full, labels, row, lost, row, row, past, age)


def answer(*scores: float) -> tuple[np.ndarray, ...]:
    return (np.array([scores], np.float32),)


def classifier(answers: list[tuple[np.ndarray, ...]], settings: ClassifySettings = FAST) -> tuple[Classifier, Prepared]:
    runtime = Prepared(bundle(Head.CLASSIFIER, [tensor()], NAMES, feed((8, 8))), answers)
    return Classifier(runtime, settings, OpenCv(), TABLE), runtime


def test_no_tracks() -> None:
    made, _ = classifier([answer(0, 1, 0, 0)])
    assert made.step(FRAME, Tracks.empty(), 0.0) == {}
    assert made.runs == 0


def test_the_median_of_three_looks_is_the_answer() -> None:
    made, _ = classifier([answer(0, 0.9, 0.1, 0), answer(0, 0.1, 0.9, 0), answer(0, 0.7, 0.3, 0)])
    assert made.step(FRAME, tracks(7), 0.0) == {}
    assert made.step(FRAME, tracks(7), 0.1) == {}
    assert made.step(FRAME, tracks(7), 0.2) == {7: SubLabel("tit", pytest.approx(0.7))}  # type: ignore[arg-type]


@pytest.mark.parametrize("scores", [(0.0, 0.59, 0.2, 0.2), (0.9, 0.1, 0.0, 0.0), (0.0, 0.1, 0.0, 0.9)])
def test_no_answer_when_unsure_or_nothing_or_nameless(scores: tuple[float, ...]) -> None:
    made, _ = classifier([answer(*scores)])
    for i in range(5):
        assert made.step(FRAME, tracks(7), i / 10) == {}


def test_the_best_answer_is_known_also_where_it_is_not_good_enough() -> None:
    made, _ = classifier([answer(0.0, 0.55, 0.3, 0.1)])
    assert made.closest == {}
    for i in range(3):
        assert made.step(FRAME, tracks(7), i / 10) == {}
    assert made.closest == {7: SubLabel("tit", pytest.approx(0.55))}  # type: ignore[arg-type]
    made.step(FRAME, tracks(8), 1.0)
    assert made.closest == {}


def test_an_answer_stays_while_the_track_does_and_goes_with_it() -> None:
    made, _ = classifier([answer(0, 1, 0, 0)])
    for i in range(3):
        made.step(FRAME, tracks(7), i / 10)
    assert set(made.step(FRAME, tracks(7, lost_s=1.0), 2.0)) == {7}
    assert made.step(FRAME, tracks(8), 3.0) == {}
    assert made.step(FRAME, tracks(7), 4.0) == {}


def test_a_full_memory_is_not_refreshed_by_crops_that_are_no_better() -> None:
    made, _ = classifier([answer(0, 1, 0, 0)])
    for i in range(20):
        made.step(FRAME, tracks(7), i / 10)
    assert made.runs == FAST.samples
    made.step(FRAME, tracks(7, side=0.4), 3.0)
    assert made.runs == FAST.samples + 1


@pytest.mark.parametrize(
    ("track", "runs"),
    [
        (tracks(1), 1),
        (tracks(1, lost_s=0.5), 0),  # not to be seen now
        (tracks(1, side=0.05), 0),  # too small
        (tracks(1, label=1), 0),  # another label
    ],
)
def test_which_tracks_are_looked_at(track: Tracks, runs: int) -> None:
    made, _ = classifier([answer(0, 1, 0, 0)], ClassifySettings(track_labels=("bird",)))
    made.step(FRAME, track, 0.0)
    assert made.runs == runs


def test_no_second_has_more_runs_than_the_budget() -> None:
    made, _ = classifier([answer(0, 1, 0, 0)], ClassifySettings(runs_per_s=4, runs_per_frame=3, samples=32))
    at, times = 0, []
    for i in range(60):
        made.step(FRAME, tracks(*range(10)), i / 10)
        assert made.runs - at <= 3
        times += [i / 10] * (made.runs - at)
        at = made.runs
    assert max(sum(t <= other < t + 0.999 for other in times) for t in times) == 4
    assert len(times) >= 20


def test_the_least_known_and_then_the_best_crop_comes_first() -> None:
    white = FRAME.copy()
    white[200:, 200:] = 255
    made, runtime = classifier([answer(0, 1, 0, 0)], ClassifySettings(runs_per_frame=1, margin=0.0))
    small, large = tracks(1, side=0.1), tracks(2, side=0.3)
    shifted = Tracks(*(np.concatenate([getattr(small, n), getattr(large, n)]) for n in Tracks.__slots__))
    box = shifted.box + np.array([[0.5], [0.0]], np.float32)
    both = Tracks(shifted.id, box, *(getattr(shifted, n) for n in Tracks.__slots__[2:]))
    made.step(white, both, 0.0)
    made.step(white, both, 0.1)
    assert [fed.max() for fed in runtime.fed] == [0, 255]


def test_a_classifier_without_labels_is_refused() -> None:
    runtime = Prepared(bundle(Head.CLASSIFIER, [tensor()], (), feed((8, 8))), [answer(0)])
    with pytest.raises(ModelError, match="no labels"):
        Classifier(runtime, ClassifySettings(), OpenCv(), TABLE)


@pytest.mark.parametrize("make", [Classifier, Embedder])
def test_a_detector_is_refused(make: type[Classifier]) -> None:
    runtime = Prepared(bundle(Head.SSD, [tensor()] * 4), [answer(0)])
    with pytest.raises(ModelError, match="is a ssd"):
        make(runtime, ClassifySettings(), OpenCv(), TABLE)


def whole() -> Tracks:
    """One track that fills the frame."""
    one = tracks(1)
    return Tracks(one.id, np.array([[0, 0, 1, 1]], np.float32), *(getattr(one, n) for n in Tracks.__slots__[2:]))


MOBILENETS = [
    "mobilenet_v1_0.25_224_quant",
    "mobilenet_v1_0.25_128_quant",
    "mobilenet_v1_0.25_224_1_metadata_1",
    "tf2_mobilenet_v2_1.0_224_ptq",
]


@pytest.mark.parametrize("model", MOBILENETS)
@pytest.mark.parametrize(
    ("image", "names", "floor"),
    [
        # Not much below what x86-64 finds: an Arm's kernels resize a picture, and compute in uint8, a step otherwise.
        ("burger.jpg", "cheeseburger", 0.79),
        ("cat_720p.jpg", "Egyptian cat|tiger cat", 0.2),
        ("grace_hopper.bmp", "military uniform|suit|academic gown", 0.15),
    ],
)
def test_real_classifiers_name_real_pictures(model: str, image: str, names: str, floor: float) -> None:
    made = Classifier(real(model), ClassifySettings(min_samples=1, min_score=floor), OpenCv(), TABLE)
    assert re.match(names, made.step(picture("images", image), whole(), 0.0)[1].name)


def test_a_real_int8_model_tells_people_from_cats() -> None:
    runtime = real("vww_96_int8", ("", "person"))
    street = sorted(path.name for path in data("penn_fudan", "images").iterdir())[:5]
    for name in street:
        made = Classifier(runtime, ClassifySettings(min_samples=1), OpenCv(), TABLE)
        assert made.step(picture("penn_fudan", "images", name), whole(), 0.0)[1].name == "person"
    other = Classifier(runtime, ClassifySettings(min_samples=1), OpenCv(), TABLE)
    assert other.step(picture("images", "cat_720p.jpg"), whole(), 0.0) == {}


def test_real_embeddings_of_cats_lie_nearer_than_those_of_a_cat_and_a_dog() -> None:
    runtime = real("mobilenet_v1_1.0_224_quant_embedding_extractor")

    def vector(name: str) -> np.ndarray:
        made = Embedder(runtime, ClassifySettings(min_samples=1), OpenCv(), TABLE)
        return made.step(picture("imprinting", name), whole(), 0.0)[1]

    train, test, dog = (vector(f"{name}_0.bmp") for name in ("cat_train", "cat_test", "dog_test"))
    assert train.shape == (1024,)
    assert np.linalg.norm(train) == pytest.approx(1, abs=1e-5)
    assert train @ test > train @ dog
