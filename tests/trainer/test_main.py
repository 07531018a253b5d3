"""The `foresight-train` command, as a person calls it."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from edge import __version__
from tests.paths import REPOSITORY, data
from tests.rigs.data_sets import coco, coco_box, write_json, write_picture
from trainer.commands.data import app
from trainer.data.opening import open_data
from trainer.data.statistics import count, spreads
from trainer.data.suspicions import counted
from trainer.data.tools import check, show_sheet, split, stats
from trainer.errors import TrainError


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    called = [sys.executable, "-m", "trainer", *arguments]
    return subprocess.run(called, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Ten cats and ten dogs, undivided."""
    folder = tmp_path / "animals"
    names = [write_picture(folder / f"{row}.jpg", row).name for row in range(20)]
    write_json(folder / "a.json", coco(names, [coco_box(1 + row, 1 + row % 2, 8, 6, 32, 24) for row in range(20)]))
    return folder


def test_says_what_it_is() -> None:
    assert command("--version").stdout == f"foresight-train {__version__}\n"
    assert "evaluate" in command("--help").stdout


def test_loads_nothing_heavy_for_its_help() -> None:
    heavy = "{'cv2', 'numpy', 'tensorflow', 'keras', 'matplotlib', 'pycocotools'}"
    code = f"import sys, trainer.__main__; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_error_is_told_in_words_with_a_code(tmp_path: Path) -> None:
    done = command("data", "check", str(tmp_path / "absent"))
    assert done.returncode == 2
    assert str(tmp_path / "absent") in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_an_error_is_told_letter_by_letter() -> None:
    done = command("forecaster", "--data", "street:x")
    assert done.returncode == 2
    assert "--data street:x:" in done.stderr  # no emoji of ":x:"


def test_check_finds_errors(animals: Path) -> None:
    good = (animals / "3.jpg").read_bytes()
    (animals / "3.jpg").write_bytes(good[: len(good) // 2])
    done = command("data", "check", str(animals))
    assert done.returncode == 1
    assert "3.jpg" in done.stdout
    assert "1 errors, 0 warnings" in done.stdout


def test_check_lists_no_more_than_asked_for(animals: Path) -> None:
    console = Console(record=True, width=160)
    assert check(animals, 1, console) == 0
    for row in (4, 5):
        (animals / f"{row}.jpg").unlink()
    assert check(animals, 1, console) == 1
    assert "and 1 more" in console.export_text()


def test_stats_count(animals: Path) -> None:
    console = Console(record=True, width=120)
    stats(animals, console)
    rows = [" ".join(line.replace("│", " ").split()) for line in console.export_text().splitlines()]
    assert "all 20 0 20 20 0 0" in rows
    assert "dog 10" in rows
    whole = open_data(animals).splits
    assert count(whole["all"]).classes == (10, 10)
    measured = {one.name: one.quantiles.tolist() for one in spreads(whole)}
    assert measured["box width, pixels"] == [32] * 5
    assert np.isnan([one.quantiles for one in spreads({"all": whole["all"].take([])})]).all()


def test_split_is_read_again(animals: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):  # a second time over the first
        split(animals, {"train": 0.5, "val": 0.3, "test": 0.2}, out, 1, Console(quiet=True))
    opened = open_data(out)
    assert opened.problems == ()
    assert {name: counted(part).tolist() for name, part in opened.splits.items()} == {
        "train": [5, 5],
        "val": [3, 3],
        "test": [2, 2],
    }


def test_split_refuses_a_place_that_would_harm(animals: Path, tmp_path: Path) -> None:
    (tmp_path / "taken" / "pictures").mkdir(parents=True)
    for out, words in ((animals / "split", "own folder"), (tmp_path / "taken", "in the way")):
        with pytest.raises(TrainError, match=words):
            split(animals, {"train": 0.5, "val": 0.5}, out, 1, Console(quiet=True))
    (animals / "a.json").unlink()
    names = ["0.jpg"]
    write_json(animals / "a.json", coco(names, [coco_box(1, 1, 1, 1, 9, 9)]))
    with pytest.raises(TrainError, match="too few"):
        split(animals, {"train": 0.5, "val": 0.5}, tmp_path / "new", 1, Console(quiet=True))
    with pytest.raises(TrainError, match="nothing to train on"):
        CliRunner().invoke(app, ["split", str(animals), "--val", "0.6", "--test", "0.5"], catch_exceptions=False)


def test_preview_shows_boxes(animals: Path, tmp_path: Path) -> None:
    black = np.zeros((48, 64, 3), np.uint8)
    for path in animals.glob("*.jpg"):
        cv2.imwrite(str(path), black)
    (animals / "5.jpg").write_bytes((animals / "5.jpg").read_bytes()[:300])
    out = tmp_path / "deep" / "sheet.png"
    show_sheet(animals, None, 8, out, 1, Console(quiet=True))
    sheet = np.asarray(cv2.imread(str(out)))
    assert sheet.shape == (2 * 304, 4 * 404, 3)
    assert (sheet.max(axis=2) - sheet.min(axis=2) > 80).sum() > 2000  # coloured boxes on black
    with pytest.raises(TrainError, match="no split"):
        show_sheet(animals, "val", 8, out, 1, Console(quiet=True))


def test_evaluate_scores_a_model_on_the_val_half(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    picture = data("images", "cats_and_dogs.jpg")
    (folder / "1.jpg").symlink_to(picture)
    height, width = np.asarray(cv2.imread(str(picture))).shape[:2]
    write_json(folder / "a.json", coco(["1.jpg"], [coco_box(1, 1, 1, 1, 99, 99)], size=(width, height)))
    report, model = tmp_path / "out" / "report.html", data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    done = command("evaluate", str(model), "--data", str(folder), "--out", str(report))
    assert done.returncode == 0, done.stderr
    assert "<svg" in report.read_text()
    assert "set, all" in done.stdout
