"""A classifier from pictures to a network on disk and a model file, small enough for a test."""

from pathlib import Path

import numpy as np
import pytest

from tests.paths import data
from tests.trainer.classes import coloured
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from rich.console import Console  # noqa: E402

from edge.contracts.bundle import read_bundle, read_manifest  # noqa: E402
from edge.contracts.types import Head, Resize  # noqa: E402
from trainer.classifier.architecture import Architecture  # noqa: E402
from trainer.classifier.fine_tuning import fine_tune_classifier  # noqa: E402
from trainer.classifier.making import make_classifier  # noqa: E402
from trainer.classifier.network import classifier, finished  # noqa: E402
from trainer.classifier.parts import divided  # noqa: E402
from trainer.classifier.scoring import Scorer  # noqa: E402
from trainer.classifier.settings import ClassifierNetwork, ClassifierRecipe, ClassifierTraining  # noqa: E402
from trainer.classifier.temperature import softmax  # noqa: E402
from trainer.classifier.training import batches, loss_of  # noqa: E402
from trainer.data.opening import open_data  # noqa: E402
from trainer.detector.making import Wish, told, usable  # noqa: E402
from trainer.detector.training import Run  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.evaluate.classification import classify  # noqa: E402
from trainer.evaluate.running import read_detector, read_pixels, run_model  # noqa: E402
from trainer.export.operators import report_operators  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.networks import load_network  # noqa: E402
from trainer.parts import parts  # noqa: E402
from trainer.releasing.terms import Terms  # noqa: E402
from trainer.trained import read_trained  # noqa: E402
from trainer.training.number import Precision  # noqa: E402

NETWORK = ClassifierNetwork(input_px=32, backbone="mobilenet_v1", width=0.25, embedding=16)
RECIPE = ClassifierRecipe(
    weights="none", network=NETWORK, training=ClassifierTraining(steps=20, batch=8, rate=0.01, warm_up=2, averaging=0.5)
)


def run(folder: Path) -> Run:
    return Run(folder, "colours", 1, Precision.FLOAT32, 0)


def test_batches_go_on_where_they_stood(tmp_path: Path) -> None:
    made = batches(RECIPE, coloured(tmp_path, 7))
    source = made.since(0)
    first = [next(source) for _ in range(4)]
    resumed = next(made.since(3))
    assert all(np.array_equal(one, other) for one, other in zip(first[3], resumed, strict=True))
    assert not np.array_equal(first[2][0], first[3][0])
    assert [one.dtype for one in resumed] == [tf.uint8, tf.int64]
    assert resumed[0].shape == (8, 32, 32, 3)


def test_labels_go_with_their_pictures(tmp_path: Path) -> None:
    made = batches(RECIPE, coloured(tmp_path, 9))
    shown = [made.sample(number)[1] for number in range(9)]
    assert sorted(int(one) for one in shown) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_the_temperature_changes_scores_and_no_answers() -> None:
    model = classifier(Architecture(3, 32, "mobilenet_v1", 0.25, 16))
    pictures = np.random.default_rng(1).uniform(-1, 1, (4, 32, 32, 3)).astype(np.float32)
    before = model(pictures, training=False)
    after = finished(model, 2.5)(pictures, training=False)
    expected = softmax(np.asarray(before["logits"], np.float64) / 2.5)
    assert np.asarray(after["probabilities"]) == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(after["embedding"], before["embedding"])


def test_the_loss_of_a_finished_network_is_that_of_its_logits(tmp_path: Path) -> None:
    model = classifier(Architecture(3, 32, "mobilenet_v1", 0.25, 16, dropout=0.0))
    for layer in model.layers:
        layer.trainable = False  # no batch statistics: both see the same
    batch = next(batches(RECIPE, coloured(tmp_path, 6)).since(0))
    losses = loss_of(np.ones(3, np.float32), 0.1)
    one = float(losses(model, batch)["total"])
    assert float(losses(finished(model, 1.0), batch)["total"]) == pytest.approx(one, rel=1e-4)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run, from an image folder to the file beside it."""
    folder = tmp_path_factory.mktemp("classifier")
    coloured(folder / "data" / "train", 90)
    coloured(folder / "data" / "val", 60, seed=5)
    weights = data("backbones", "mobilenet_2_5_224_tf_no_top.h5")
    options: dict[str, str | int | float] = {
        "weights": str(weights),
        "network.input_px": 64,
        "network.backbone": "mobilenet_v1",
        "network.width": 0.25,
        "training.steps": 120,
        "training.batch": 8,
        "training.rate": 0.003,
        "training.averaging": 0.9,
    }
    terms = Terms(folder / "colours.tflite", Variant.INT8, 50.0, "", 1, "colours")
    wish = Wish(folder / "data", None, options, ["test"])
    with (folder / "said.txt").open("w") as said:
        make_classifier(wish, run(folder / "run"), terms, Console(file=said, width=200))
    return folder


def test_a_run_says_what_it_picked_and_what_it_is_worth(released: Path) -> None:
    said = (released / "said.txt").read_text()
    for words in (
        "class folders",
        "samples: train 7",
        "temperature ",
        "pictures right (95 %",
        "By class",
        "is written",
    ):
        assert words in said
    kept = {path.name for path in (released / "run").iterdir()}
    assert {"settings.yaml", "surroundings.json", "pictures-train.txt", "validation.csv", "network.keras"} <= kept


def test_the_network_and_its_files_answer_alike(released: Path) -> None:
    held_out = open_data(released / "data").splits["val"]
    trained = read_trained(released / "run")
    model, scorer = load_network(trained), Scorer(64, held_out)
    pixels = [read_pixels(one.path) for one in held_out.pictures]
    expected = [int(scorer.outputs(model, one)["probabilities"].argmax()) for one in pixels if one is not None]
    assert (np.array(expected) == scorer.truth).mean() > 0.9
    for name, least in (("float32", 1.0), ("int8", 0.9)):
        found = run_model(read_detector(released / "run" / "models" / f"{name}.tflite"), held_out)
        assert (classify(found.dataset, found.found).answer == expected).mean() >= least


def test_the_file_that_goes_out_is_whole_in_int8(released: Path) -> None:
    path = released / "colours.tflite"
    bundle, manifest = read_bundle(path), read_manifest(path)
    assert (bundle.head, bundle.labels) == (Head.CLASSIFIER, ("blue", "green", "red"))
    assert bundle.input.resize is Resize.LETTERBOX
    assert [(one.name, one.shape) for one in bundle.outputs] == [("probabilities", (1, 3)), ("embedding", (1, 128))]
    report = report_operators(path.read_bytes())
    assert (report.floats, report.mapped) == ((), report.total)
    assert manifest is not None
    assert manifest.metrics["gate"]["accuracy"] > 0.9


def test_it_learns_to_live_with_the_rounding_of_int8(released: Path, tmp_path: Path) -> None:
    trained, train = read_trained(released / "run"), open_data(released / "data").splits["train"].take(range(12))
    network = NETWORK.model_copy(update={"input_px": 64})
    recipe = ClassifierRecipe(weights="none", network=network, training=ClassifierTraining(steps=1, batch=4))
    tuned = fine_tune_classifier(trained, recipe, train, tmp_path, lambda *_: None)
    assert tuned.fake_quantised
    outputs = load_network(tuned)(np.zeros((1, 64, 64, 3), np.float32), training=False)
    assert set(outputs) == {"probabilities", "embedding"}


@pytest.mark.parametrize(
    ("count", "labels", "said"), [(0, ("red",), "there is no"), (4, ("red",), "of one class, 'red'")]
)
def test_what_cannot_be_learnt_from_is_told_in_words(
    count: int, labels: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    coloured(tmp_path / "data", count, labels=labels)
    wish = Wish(tmp_path / "data", None, {}, ["test"])
    terms = Terms(tmp_path / "out.tflite", Variant.INT8, 1.0, "", 1, "colours")
    with pytest.raises(TrainError, match=said):
        make_classifier(wish, run(tmp_path / "run"), terms, Console(quiet=True))


def test_a_class_whose_pictures_are_all_broken_is_left_out(tmp_path: Path) -> None:
    every = coloured(tmp_path / "data", 30)
    for one in every.pictures:
        if one.label[0] == 0:
            one.path.write_bytes(one.path.read_bytes()[:60])
    console = Console(width=300)
    with console.capture() as said:
        opened = told(open_data(tmp_path / "data"), console)
        found = divided(usable(parts(opened.splits), console), tmp_path / "run", console)
    assert found.train.labels == ("green", "red")
    assert said.get().count("blue") >= 10
