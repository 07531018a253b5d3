"""Classifiers of windows: changes, windows, the gate, and one of each kind from recordings to a file."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.rigs.recordings import motions, tone, tones
from tests.trainer.tensor import tensorflow

tf = tensorflow()

from edge.contracts.bundle import read_bundle, read_manifest  # noqa: E402
from edge.contracts.sound import log_mel, window_samples  # noqa: E402
from edge.contracts.types import Head  # noqa: E402
from edge.contracts.windows import SeriesWindow, SoundWindow  # noqa: E402
from trainer.detector.training import Run  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.export.variant import Variant  # noqa: E402
from trainer.sequences.networks import load_sequence  # noqa: E402
from trainer.series.classify.choosing import choose  # noqa: E402
from trainer.series.classify.folders import Asked  # noqa: E402
from trainer.series.classify.inputs import centred, measured, scaled_inputs, unmeasured, windows_of  # noqa: E402
from trainer.series.classify.judging import Answers, judge  # noqa: E402
from trainer.series.classify.making import ClassifyWish, make_classifier  # noqa: E402
from trainer.series.classify.mixing import mixed  # noqa: E402
from trainer.series.classify.motion_changes import changed, turned  # noqa: E402
from trainer.series.classify.naming import parse_naming  # noqa: E402
from trainer.series.classify.network import EMBEDDING, LOGITS, PROBABILITIES, classifier, finished  # noqa: E402
from trainer.series.classify.opening import open_recordings  # noqa: E402
from trainer.series.classify.recordings import SOUND, Recording, Recordings  # noqa: E402
from trainer.series.classify.settings import (  # noqa: E402
    ClassifyNetwork,
    ClassifyRecipe,
    ClassifyWindow,
    MotionChange,
    SoundChange,
)
from trainer.series.classify.sound_changes import Variants, drawn, masked  # noqa: E402
from trainer.series.classify.training import ClassifyBatches, loss_of, material  # noqa: E402
from trainer.series.releasing import SeriesTerms  # noqa: E402
from trainer.training.number import Precision  # noqa: E402

WINDOW = SoundWindow(8000, 0.032, 0.016, 16, 60.0, 3800.0, 30, (0.0,) * 16, (1.0,) * 16)
SMALL = {"network.width": 4, "network.units": 8, "network.embedding": 8, "training.batch": 32}


def sounds(*labels: str) -> Recordings:
    rows = [
        Recording(Path(f"{number}"), number, f"{number}", "", tone(label, number)[:, None])
        for number, label in enumerate(labels)
    ]
    return Recordings(tuple(labels), SOUND, 8000.0, tuple(rows))


def test_a_window_has_its_sound_in_the_middle() -> None:
    count = window_samples(WINDOW)
    quiet = centred(np.zeros(0, np.float32), WINDOW, 0)
    assert quiet.shape == (count,)
    assert 0 < np.abs(quiet).max() < 1e-3
    click = centred(np.ones(1, np.float32), WINDOW, 0)
    assert abs(int(click.argmax()) - count // 2) <= 1


def test_of_a_longer_sound_the_loudest_part_is_taken() -> None:
    sound = np.zeros(20_000, np.float32)
    sound[15_000:16_000] = 0.5
    kept = centred(sound, WINDOW, 0)
    assert abs(float((kept**2).sum()) - 250) < 1


def test_values_are_cut_from_the_newest_backwards_and_short_ones_give_none() -> None:
    values = np.arange(20, dtype=np.float32)[:, None]
    rows = (Recording(Path("a"), 0, "a", "", values), Recording(Path("b"), 1, "b", "", values[:9]))
    recordings = Recordings(("p", "q"), ("x",), 10.0, rows)
    window = unmeasured(recordings, ClassifyWindow(seconds=1.0))
    found, owners = windows_of(recordings, window, 0.5)
    assert isinstance(window, SeriesWindow)
    assert [(int(one[0, 0]), int(one[-1, 0])) for one in found] == [(0, 9), (5, 14), (10, 19)]
    assert owners.label.tolist() == [0, 0, 0]


def test_scaling_is_measured() -> None:
    rows = np.random.default_rng(0).normal(5, 3, (50, 30, 16)).astype(np.float32)
    scaled = scaled_inputs(rows, measured(WINDOW, rows))
    assert abs(float(scaled.mean())) < 1e-3
    assert abs(float(scaled.std()) - 1) < 1e-3


def test_bands_that_do_not_fit_the_rate_are_refused() -> None:
    with pytest.raises(TrainError, match="low_hz"):
        unmeasured(sounds("low"), ClassifyWindow(low_hz=5000.0))


def test_an_unchanged_variant_is_the_sound_itself() -> None:
    none = SoundChange(variants=1, speed=0, tract=0, tempo=0, tilt=0, gain=0, noise=0, shift_s=0)
    made = Variants(WINDOW, none).made(sounds("low"), seed=1)
    plain = log_mel(centred(tone("low", 0), WINDOW, 0), WINDOW)
    loud = plain > -8  # below is the hush, which is drawn anew
    assert made.shape == (1, 1, 30, 16)
    assert np.abs(made[0, 0] - plain)[loud].max() < 0.05


def test_variants_differ_and_are_the_same_with_the_same_seed() -> None:
    made, again = (Variants(WINDOW, SoundChange(variants=3)).made(sounds("low", "high"), seed=1) for _ in range(2))
    assert made.shape == (3, 2, 30 + 2 * 6, 16)
    assert made.tobytes() == again.tobytes()
    assert np.abs(made[0] - made[1]).max() > 1


def test_windows_are_drawn_and_masked() -> None:
    variants = np.arange(2 * 3 * 10 * 4, dtype=np.float32).reshape(2, 3, 10, 4)
    windows = drawn(variants, np.array([2, 0]), 8, np.random.default_rng(0))
    assert windows.shape == (2, 8, 4)
    ones = np.ones((50, 8, 4), np.float32)
    kept = masked(ones, SoundChange(bands_masked=2, frames_masked=3), np.random.default_rng(0))
    assert ones.min() == 1
    assert 0.3 < kept.mean() < 0.95
    assert masked(ones, SoundChange(bands_masked=0, frames_masked=0), np.random.default_rng(0)).min() == 1


def test_motions_change_and_keep_their_shape() -> None:
    windows = np.random.default_rng(0).normal(0, 1, (4, 20, 3)).astype(np.float32)
    none = MotionChange(jitter=0, scaling=0, rotation_rad=0, crop=0, shift=0)
    assert np.abs(changed(windows, none, np.random.default_rng(0)) - windows).max() < 1e-6
    moved = changed(windows, MotionChange(), np.random.default_rng(0))
    assert moved.shape == windows.shape
    assert np.abs(moved - windows).max() > 0.1


def test_a_turn_keeps_lengths() -> None:
    values = np.array([[1.0, 0, 0, 0, 2, 0]])
    found = turned(values, np.array([0, 0, 1.0]), np.pi / 2)
    assert np.abs(found - [[0, 1, 0, -2, 0, 0]]).max() < 1e-12


def test_batches_are_those_of_their_step_and_show_all_equally() -> None:
    recipe = ClassifyRecipe().model_copy(update={"training": ClassifyRecipe().training.model_copy(update={"batch": 2})})
    batches = ClassifyBatches(material(sounds("low", "high", "rising"), recipe), recipe)
    first = [next(source) for source in [batches.since(0)] for _ in range(3)]
    later = next(batches.since(2))
    assert later[0].tobytes() == first[2][0].tobytes()
    assert np.concatenate([target for _, target in first]).sum(axis=0).tolist() == [2, 2, 2]


def test_windows_are_laid_over_each_other_with_their_classes() -> None:
    windows = np.repeat(np.arange(200, dtype=np.float32), 6).reshape(200, 3, 2)
    target = np.eye(200, dtype=np.float32)
    same, truth = mixed(windows, target, 0.0, np.random.default_rng(0))
    assert (same is windows, truth is target) == (True, True)
    seen, shares = mixed(windows, target, 0.3, np.random.default_rng(0))
    assert (seen.shape, seen.dtype.name, shares.dtype.name) == (windows.shape, "float32", "float32")
    assert np.abs(shares.sum(axis=1) - 1).max() < 1e-6
    assert (shares.argmax(axis=1) == np.arange(200)).all()
    assert np.abs(seen[:, 0, 0] - shares @ np.arange(200)).max() < 1e-3
    assert 0.05 < (shares.max(axis=1) < 0.9).mean() < 0.7


def test_a_batch_is_mixed_as_the_recipe_says() -> None:
    recipe = ClassifyRecipe(mixing=2.0)
    batches = ClassifyBatches(material(sounds("low", "high", "rising"), recipe), recipe)
    target = next(batches.since(0))[1]
    assert target.shape == (64, 3)
    assert ((target > 0).sum(axis=1) > 1).any()
    plain = ClassifyBatches(batches.material, ClassifyRecipe())
    assert set(np.unique(next(plain.since(0))[1]).tolist()) == {0.0, 1.0}


def test_sounds_are_mixed_and_values_are_not() -> None:
    picked = choose(sounds("low", "high"))
    assert picked.recipe.mixing == 0.3
    assert "laid over each other" in picked.reasons["mixing"]
    rows = (Recording(Path("a"), 0, "a", "", np.zeros((30, 1), np.float32)),)
    values = choose(Recordings(("p", "q"), ("x",), 10.0, rows))
    assert (values.recipe.mixing, "mixing" in values.reasons) == (0.0, False)


def test_members_are_averaged_and_the_temperature_makes_them_less_sure() -> None:
    model = classifier(WINDOW, ClassifyNetwork(width=4, units=4, embedding=5, members=2), 3)
    windows = np.random.default_rng(0).normal(0, 1, (2, 30, 16)).astype(np.float32)
    plain = np.asarray(model(windows)[LOGITS])
    assert plain.shape == (2, 2, 3)
    found = finished(model, 2.0, 2)(windows)
    raised = np.exp(plain / 2)
    wanted = (raised / raised.sum(axis=2, keepdims=True)).mean(axis=1)
    assert np.abs(np.asarray(found[PROBABILITIES]) - wanted).max() < 1e-5
    assert found[EMBEDDING].shape == (2, 10)


def test_the_loss_is_the_mean_of_the_members() -> None:
    logits = np.log(np.array([[[0.5, 0.25, 0.25], [0.8, 0.1, 0.1]]], np.float32))

    def model(windows: object, training: bool) -> dict[str, object]:
        return {LOGITS: tf.constant(logits)}

    found = loss_of(np.ones(3, np.float32), 0.0)(model, (None, np.eye(3, dtype=np.float32)[:1]))
    assert abs(float(found["total"]) + (np.log(0.5) + np.log(0.8)) / 2) < 1e-6
    assert float(found["right"]) == 1


def test_a_mixed_window_counts_as_its_classes_do() -> None:
    target = np.array([[0.75, 0.25, 0.0]], np.float32)

    def model(windows: object, training: bool) -> dict[str, object]:
        return {LOGITS: tf.constant(np.log(np.array([[[0.5, 0.25, 0.25]]], np.float32)))}

    found = loss_of(np.array([2.0, 1.0, 1.0], np.float32), 0.0)(model, (None, target))
    wanted = -(0.75 * np.log(0.5) + 0.25 * np.log(0.25)) * 1.75
    assert abs(float(found["total"]) - wanted) < 1e-6


def answers(likely: list[list[float]], network: list[list[float]], truth: list[int]) -> Answers:
    return Answers(("a", "b", "c"), np.array(truth), np.array(likely), np.array(network))


GOOD = [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]] * 10
TRUTH = [0, 1, 2] * 10
SWAPPED = [[b, a, c] for a, b, c in GOOD]
DULL = [[0.9, 0.05, 0.05]] * 30


@pytest.mark.parametrize(
    ("likely", "network", "failed"),
    [
        (GOOD, GOOD, []),
        (SWAPPED, GOOD, ["accuracy kept", "labels in order", "probabilities are honest", "better than guessing"]),
        (DULL, DULL, ["better than guessing"]),
    ],
)
def test_the_gate(likely: list[list[float]], network: list[list[float]], failed: list[str]) -> None:
    judged = judge(Path("m.tflite"), answers(likely, network, TRUTH), 1.0)
    assert [check.question for check in judged.failed] == failed
    assert not judged.failed or not judged.may_go("I want it")


def test_a_little_loss_is_forgiven_where_a_person_says_so() -> None:
    slipped = [*GOOD[:-5], *DULL[:5]]
    judged = judge(Path("m.tflite"), answers(slipped, GOOD, TRUTH), 1.0)
    assert [check.question for check in judged.failed] == ["accuracy kept"]
    assert judged.may_go("tried it")
    assert not judged.may_go("")


def wish(data: Path, rate: float, steps: int, names: str = "") -> ClassifyWish:
    asked = Asked(parse_naming(names) if names else None, rate, ())
    return ClassifyWish(data, asked, None, {**SMALL, "training.steps": steps}, ["test"])


def test_motions_from_tables_to_a_file_that_the_device_runs(tmp_path: Path) -> None:
    out = tmp_path / "model.tflite"
    run = Run(tmp_path / "run", "model", 1, Precision.FLOAT32, 0)
    terms = SeriesTerms(out, Variant.INT8, 1.0, "")
    make_classifier(wish(motions(tmp_path / "data", each=10), 0.0, 150), run, terms, Console(quiet=True))
    bundle, manifest = read_bundle(out), read_manifest(out)
    assert (bundle.head, bundle.labels) == (Head.SEQUENCE, ("rest", "shake", "swing"))
    assert isinstance(bundle.window, SeriesWindow)
    assert (bundle.window.channels, bundle.window.samples) == (("x", "y", "z"), 60)
    assert manifest is not None
    assert manifest.quantisation == "int8"
    assert manifest.metrics["held_out"]["accuracy"] > 0.6
    assert (run.folder / "report.html").exists()


def test_a_network_that_learnt_nothing_is_not_written(tmp_path: Path) -> None:
    out = tmp_path / "model.tflite"
    run = Run(tmp_path / "run", "model", 1, Precision.FLOAT32, 0)
    data = tones(tmp_path / "data", speakers=6, each=1)
    asked = wish(data, 0.0, 1, "{label}_{group}_{number}")
    terms = SeriesTerms(out, Variant.FLOAT32, 1.0, "I want it")
    with pytest.raises(TrainError, match="better than guessing"):
        make_classifier(asked, run, terms, Console(quiet=True))
    assert not out.exists()
    assert load_sequence_of(run.folder) == ("high", "low", "rising")


def load_sequence_of(folder: Path) -> tuple[str, ...]:
    from trainer.sequences.trained import read_sequence  # noqa: PLC0415

    trained = read_sequence(folder)
    load_sequence(trained)
    return trained.labels


def test_a_window_longer_than_all_recordings_is_told(tmp_path: Path) -> None:
    data = motions(tmp_path / "data", each=10, samples=30)
    asked = ClassifyWish(data, Asked(None, 0.0, ()), None, {"window.seconds": 9.0, **SMALL}, ["test"])
    run = Run(tmp_path / "run", "model", 1, Precision.FLOAT32, 0)
    with pytest.raises(TrainError, match=r"9 s.*--seconds"):
        make_classifier(asked, run, SeriesTerms(tmp_path / "m.tflite", None, 1.0, ""), Console(quiet=True))
    assert len(open_recordings(data, Asked(None, 0.0, ()))) == 30
    assert not run.folder.exists()
