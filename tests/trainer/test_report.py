import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from edge.contracts.types import U8, Detections
from tests.paths import data
from tests.rigs.labelled import dataset, picture
from trainer.data.dataset import Dataset
from trainer.evaluate.command import evaluate_models, show_and_write
from trainer.evaluate.evaluation import evaluate
from trainer.evaluate.running import read_pixels
from trainer.report import classes
from trainer.report.mistakes import worst_mistakes
from trainer.report.training import Curve, LogError, read_training

NASTY = "<b>dog & 'cat'</b>"
DOG, CAT = (0.52, 0.1, 0.9, 0.9), (0.05, 0.2, 0.5, 0.9)


def pixels_of(path: Path) -> U8:
    pixels = read_pixels(path)
    assert pixels is not None
    return pixels


def animals() -> Dataset:
    path = data("images", "cats_and_dogs.jpg")
    height, width = pixels_of(path).shape[:2]
    labels = ("cat", "dog", NASTY)
    return dataset(picture((0, CAT), (2, DOG), path=path, size=(width, height)), labels=labels)


@pytest.mark.parametrize("others", [0, 1])
def test_writes_one_page_that_needs_nothing_else(tmp_path: Path, others: int) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,loss\n0,3\n10,2\n")
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    console = Console(record=True, width=120)
    contents = evaluate_models([model] * (1 + others), animals(), data_name="<animals>", training=log, console=console)
    show_and_write(contents, tmp_path / "out" / "report.html", console)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "too few boxes" in console.export_text().lower()
    assert NASTY not in page
    assert "&lt;b&gt;dog" in page
    assert page.count("<svg") == 5
    assert ("points of AP50" in page) == bool(others)
    outside = re.findall(r'(?:src|href)="(?!data:|#)[^"]*"|url\((?!#)[^)]*\)|@import', page)
    assert outside == []
    names = sorted(path.name for path in (tmp_path / "out" / "report_plots").iterdir())
    assert names == ["confusion.png", "pr_curves.png", "reliability.png", "sizes.png", "training_loss.png"]
    assert all(cv2.imread(str(path)) is not None for path in (tmp_path / "out" / "report_plots").iterdir())
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(|href=")#([^")]+)', page)) <= set(ids)


def test_reports_pictures_without_objects(tmp_path: Path) -> None:
    empty = replace(animals(), pictures=(picture(path=data("images", "cats_and_dogs.jpg")),))
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    console = Console(record=True)
    contents = evaluate_models([model], empty, data_name="none", console=console)
    show_and_write(contents, tmp_path / "report.html", console)
    assert len(worst_mistakes(contents.scored.evaluation)) == 0  # without objects no cut lets anything through


@pytest.mark.parametrize("others", [0, 1])
def test_a_classifier_is_reported_in_accuracy(tmp_path: Path, others: int) -> None:
    model, path = data("models", "mobilenet_v1_0.25_224_1_metadata_1.tflite"), data("images", "cats_and_dogs.jpg")
    labels = ("Egyptian cat", "tabby", "Samoyed")
    truth = dataset(*(picture((label, (0.0, 0.0, 1.0, 1.0)), path=path) for label in (0, 1, 1, 2)), labels=labels)
    console = Console(record=True, width=200)
    contents = evaluate_models([model] * (1 + others), truth, data_name="animals", console=console)
    show_and_write(contents, tmp_path / "report.html", console)
    page, said = (tmp_path / "report.html").read_text(), console.export_text()
    for words in ("accuracy", "calibration error", "Too few pictures to tell"):
        assert words in page
        assert words in said
    answer = labels[int(classes.answers(contents.scored).answer[0])]
    wrong = [labels[label] for label in (0, 1, 1, 2) if labels[label] != answer]
    assert all(f"is {label}, taken for {answer}" in page for label in wrong)
    assert page.count(f"taken for {answer} (") == 2 * len(wrong)  # the caption, and what is said of the picture
    assert ("points of accuracy" in said) == bool(others)
    for word in ("AP50", "AP75", "mAP", "boxes", "IoU", "F1"):
        assert word not in re.sub(r"data:[^\"]*|<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
        assert word not in said
    names = sorted(one.name for one in (tmp_path / "report_plots").iterdir())
    assert names == ["confusion.png", "reliability.png"]


def test_shows_the_gravest_mistakes_first() -> None:
    one = animals().pictures[0]
    worse = replace(one, box=one.box[[0, 1, 1]], label=one.label[[0, 1, 1]])
    right = Detections(one.box, np.array([0.9, 0.8], np.float32), one.label)
    truth = replace(animals(), pictures=(one, one, worse))
    result = evaluate(truth, [right, right[:1], right[:1]])
    assert [mistake.text for mistake in worst_mistakes(result)] == [
        "1 right, 0 wrong, 2 missed",
        "1 right, 0 wrong, 1 missed",
    ]
    assert len(worst_mistakes(result, most=1)) == 1


def test_reads_training_logs(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    for text, curves in (
        ("", ()),
        ("step,loss\n", ()),
        ("step,loss,map 50,why\n0,3,,a\n10,nan,0.5,b\n", (Curve("loss", (0,), (3,)), Curve("map 50", (10,), (0.5,)))),
        ("step,loss\n0,1\n1\n", (Curve("loss", (0,), (1,)),)),
    ):
        log.write_text(text)
        assert read_training(log) == curves
    log.write_text("epoch,loss\n1,2\n")
    with pytest.raises(LogError, match="no column step"):
        read_training(log)
    with pytest.raises(LogError, match="cannot be read"):
        read_training(tmp_path / "none.csv")
