from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import ModelError
from tests.paths import data
from tests.rigs.coco128 import coco128
from tests.rigs.labelled import dataset, picture
from tests.rigs.spoiled import bias, scaled_by, swapped_outputs, weights, with_files, with_graph
from trainer.data.dataset import Dataset
from trainer.gate.judge import judge
from trainer.gate.verdict import Answer, Question, Verdict

FIRST = "FeatureExtractor/MobilenetV1/MobilenetV1/Conv2d_0/Relu6"
ENOUGH, FEW = 34, 6  # pictures: 219 boxes and more, and far below 200
ALWAYS = {Question.PICTURES, Question.CALIBRATION, Question.TRAINING}
Spoil = Callable[[Path, Path], Path]


def model() -> Path:
    return data("models", "ssd_mobilenet_v1_coco_quant.tflite")


def judged(candidate: Path, held_out: Dataset, calibration: tuple[Path, ...] = ()) -> Verdict:
    return judge(model(), candidate, held_out, calibration=calibration, training=())


def by(verdict: Verdict, answer: Answer) -> set[Question]:
    return {check.question for check in verdict.checks if check.answer is answer}


def words(verdict: Verdict, question: Question) -> str:
    return next(check.words for check in verdict.checks if check.question is question)


def coarse(stored: np.ndarray) -> np.ndarray:
    """Weights of three bits."""
    return stored // 32 * 32


def relabelled(files: dict[str, bytes]) -> dict[str, bytes]:
    """Person and bicycle have each other's name."""
    text = files["labelmap.txt"].decode().splitlines()
    text[0], text[1] = text[1], text[0]
    return {**files, "labelmap.txt": "\n".join(text).encode()}


def test_refuses_to_judge_by_nothing() -> None:
    verdict = judged(model(), replace(coco128(most=1), pictures=()))
    assert by(verdict, Answer.FAILED) == {Question.PICTURES}
    assert {check.question for check in verdict.checks} == ALWAYS
    assert "no picture is held out" in words(verdict, Question.PICTURES)
    assert not verdict.forgivable


def test_accepts_a_file_that_is_as_good() -> None:
    held_out = coco128(most=ENOUGH)
    calibration = tuple(picture.path for picture in coco128("train2017", 20).pictures)
    verdict = judged(model(), held_out, calibration)
    assert verdict.accepted
    assert by(verdict, Answer.PASSED) == set(Question) - {Question.NETWORK, Question.POST_PROCESS}
    assert verdict.figures["map_drop_points"] == 0
    assert verdict.figures["shared"] == verdict.figures["shared_iou"] == pytest.approx(1)
    assert verdict.figures["boxes"] >= 200
    assert verdict.words().startswith("accepted")


@pytest.mark.parametrize(
    ("pictures", "accuracy"), [(FEW, Answer.UNKNOWN), (ENOUGH, Answer.FAILED)], ids=["few boxes", "enough"]
)
def test_refuses_one_with_spoiled_weights(tmp_path: Path, pictures: int, accuracy: Answer) -> None:
    candidate = with_graph(model(), tmp_path / "spoiled.tflite", weights(FIRST, coarse))
    verdict = judged(candidate, coco128(most=pictures))
    assert by(verdict, Answer.FAILED) == {Question.AGREEMENT, *([Question.ACCURACY] if pictures == ENOUGH else [])}
    assert next(check.answer for check in verdict.checks if check.question is Question.ACCURACY) is accuracy
    assert ("too few boxes to tell" in words(verdict, Question.ACCURACY)) == (pictures == FEW)
    assert verdict.forgivable
    assert "refused" in verdict.words()


SPOILS: dict[str, tuple[Spoil, Question, str]] = {
    "labels": (
        lambda source, out: with_files(source, out, relabelled),
        Question.LABELS,
        "the same names in another order, first at class 0: 'bicycle' where the reference has 'person'",
    ),
    "a label less": (
        lambda source, out: with_files(
            source, out, lambda files: {**files, "labelmap.txt": b"\n".join(files["labelmap.txt"].splitlines()[:-1])}
        ),
        Question.LABELS,
        "names where the reference has",
    ),
    "outputs": (
        lambda source, out: with_graph(source, out, swapped_outputs(1, 2)),
        Question.OUTPUTS,
        "boxes, scores, classes, count",
    ),
    "normalisation": (
        lambda source, out: with_graph(source, out, scaled_by(100.0)),
        Question.NORMALISATION,
        "the candidate has stretch, rgb, mean 100, 100, 100",
    ),
    "dead": (
        lambda source, out: with_graph(source, out, bias("ClassPredictor/BiasAdd", -(1 << 24))),
        Question.FINDS,
        "0 boxes with a score that the reference's thresholds let through",
    ),
}


@pytest.mark.parametrize("name", SPOILS)
def test_refuses_what_a_conversion_may_spoil(tmp_path: Path, name: str) -> None:
    spoil, question, said = SPOILS[name]
    verdict = judged(spoil(model(), tmp_path / "spoiled.tflite"), coco128(most=FEW))
    assert by(verdict, Answer.FAILED) - {Question.AGREEMENT} == {question}
    assert said in words(verdict, question)
    assert not verdict.forgivable


def test_refuses_what_does_not_run(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(model().read_bytes()[:100_000])
    for candidate in (cut, tmp_path / "absent.tflite", data("models", "vww_96_int8.tflite")):
        verdict = judged(candidate, coco128(most=2))
        assert Question.RUNS in by(verdict, Answer.FAILED)
        assert str(candidate) in words(verdict, Question.RUNS)
        assert verdict.scored == ()
    with pytest.raises(ModelError, match="absent"):
        judge(tmp_path / "absent.tflite", model(), coco128(most=1), calibration=(), training=())


def test_lists_pictures_that_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    good = coco128(most=2)
    lost = replace(good.pictures[0], path=broken)
    verdict = judged(model(), replace(good, pictures=(lost, good.pictures[1])))
    assert verdict.accepted
    assert Question.PICTURES in by(verdict, Answer.UNKNOWN)
    assert str(broken) in words(verdict, Question.PICTURES)
    verdict = judged(model(), replace(good, pictures=(lost,)))
    assert by(verdict, Answer.FAILED) == {Question.PICTURES}
    assert str(broken) in words(verdict, Question.PICTURES)


def test_refuses_pictures_that_were_seen_before() -> None:
    held_out = coco128(most=2)
    seen = held_out.pictures[1].path
    verdict = judge(model(), model(), held_out, calibration=(seen,), training=(seen,))
    assert by(verdict, Answer.FAILED) == {Question.CALIBRATION, Question.TRAINING}
    assert str(seen) in words(verdict, Question.CALIBRATION)
    assert not verdict.forgivable


def test_judges_classifiers_by_whole_pictures() -> None:
    file = data("models", "mobilenet_v1_0.25_224_1_metadata_1.tflite")
    path = data("images", "cats_and_dogs.jpg")
    whole = picture((0, (0.0, 0.0, 1.0, 1.0)), path=path)
    animals = dataset(whole, whole, labels=("Egyptian cat", "airliner"))
    verdict = judge(file, file, animals, calibration=(), training=())
    assert verdict.accepted
    found = verdict.scored[0].run.found[0]
    assert found.label.tolist()[0] == 0
    assert found.box.tolist()[0] == [0.0, 0.0, 1.0, 1.0]
    assert found.score[0] == found.score.max()
