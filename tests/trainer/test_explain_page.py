"""From a training run and a folder of pictures to a page."""

import re
from pathlib import Path

import cv2
import pytest

from tests.trainer.tensor import tensorflow

tf = tensorflow()

from edge.contracts.manifest import Task  # noqa: E402
from tests.trainer.explained import colour_classifier, write_pictures  # noqa: E402
from trainer.commands.explain import explain  # noqa: E402
from trainer.detector.architecture import Architecture  # noqa: E402
from trainer.detector.network import detector  # noqa: E402
from trainer.errors import TrainError  # noqa: E402
from trainer.explain.contents import Explanation  # noqa: E402
from trainer.explain.page import write_explanation  # noqa: E402
from trainer.networks import save_network  # noqa: E402
from trainer.report.contents import Table  # noqa: E402
from trainer.trained import Trained  # noqa: E402

NASTY = "<b>square & 'more'</b>"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "pictures", 9)
    (tmp_path / "pictures" / "damaged.png").write_bytes(b"")
    return tmp_path / "pictures"


def saved(folder: Path, task: Task, *labels: str) -> Path:
    network = detector(Architecture(1, 64, channels=16)) if task is Task.DETECTOR else colour_classifier()
    save_network(network, Trained(folder, task, NASTY, labels, 64, fake_quantised=False))
    return folder


def test_a_detector_s_page_needs_nothing_else(tmp_path: Path, pictures: Path) -> None:
    run = saved(tmp_path / "run", Task.DETECTOR, NASTY)
    out = tmp_path / "out" / "deep"
    explain(run, pictures, [pictures / "000.png", pictures / "001.png"], out=out, most=50, dreams=False)
    page = (out / "explain.html").read_text()
    assert NASTY not in page
    assert "&lt;b&gt;square" in page
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"|url\((?!#)[^)]*\)|@import', page) == []
    assert "damaged.png" in page
    assert page.count("Why? ") == 2
    files = sorted(path.name for path in out.glob("*.png"))
    assert page.count("<img") == len(files)
    assert {"kernels.png", "000_found.png", "001_found.png", "level_1_Conv1_relu.png"} <= set(files)
    assert all(cv2.imread(str(out / name)) is not None for name in files)


def test_a_classifier_s_page(tmp_path: Path, pictures: Path) -> None:
    run = saved(tmp_path / "run", Task.CLASSIFIER, "red", "green")
    explain(run, pictures, [pictures / "002.png"], out=tmp_path / "out")
    page = (tmp_path / "out" / "explain.html").read_text()
    assert "What the network says: red 0." in page or "What the network says: green 0." in page
    assert "in the box" not in page
    assert "climbed to" in page


def test_what_is_wrong_is_said(tmp_path: Path, pictures: Path) -> None:
    run = saved(tmp_path / "run", Task.CLASSIFIER, "red", "green")
    for wrong, asked, said in (
        (tmp_path / "none", [pictures / "000.png"], "holds no trained network"),
        (run, [pictures / "damaged.png"], "cannot be read as a picture"),
    ):
        with pytest.raises(TrainError, match=said):
            explain(wrong, pictures, asked, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    empty = Explanation("a", "b", (), (), (), Table("c", ("d",), (), ()), ())
    assert [path.name for path in write_explanation(empty, tmp_path / "folder")] == ["explain.html"]
    with pytest.raises(TrainError, match="cannot be written"):
        write_explanation(empty, tmp_path / "file" / "out")
