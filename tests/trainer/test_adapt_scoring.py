"""What counts for and against a model, and the whole command around real models."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from tests.paths import data
from tests.rigs.footage import seen, write_clip
from trainer.adapt.command import DATA, REPORT, Exam, Lesson, adapt, examine, label
from trainer.adapt.footage import clips, shots
from trainer.adapt.labelling import Footage
from trainer.adapt.scoring import counted, with_truth
from trainer.adapt.seeing import seeing
from trainer.adapt.settings import CleaningSettings, FootageSettings
from trainer.adapt.tally import Tally
from trainer.adapt.teacher import Teacher, TeacherSettings, tile_extent, tiled
from trainer.data.dataset import Dataset, Picture
from trainer.errors import TrainError
from trainer.evaluate.running import read_detector

A, B, C = [0.1, 0.1, 0.2, 0.3], [0.5, 0.5, 0.6, 0.7], [0.8, 0.1, 0.9, 0.3]


def picture(name: str, boxes: list[list[float]]) -> Picture:
    found = seen(boxes)
    return Picture(Path(name), 100, 100, found.box, found.label)


def test_findings_on_unsure_areas_count_only_where_they_are_on_a_label() -> None:
    everywhere = np.array([[0.0, 0.0, 0.7, 1.0]], np.float32)
    found = seen([A, B, C])
    assert counted(picture("a", [A]), found, everywhere).box.tolist() == found.box[[0, 2]].tolist()
    assert len(counted(picture("a", [A]), found, everywhere[:0])) == 3
    assert len(counted(picture("a", []), seen([]), everywhere)) == 0
    other = seen([A], label=1)  # a finding of another label is not on the label
    assert len(counted(picture("a", [A]), other, everywhere)) == 0


def test_true_labels_are_found_by_the_names_of_pictures() -> None:
    held_out = Dataset(("person",), (picture("here/1.jpg", [A]), picture("here/2.jpg", [A])))
    truth = Dataset(("dog", "person"), (picture("there/2.jpg", [B]), picture("there/3.jpg", [C])))
    known = with_truth(held_out, truth)
    assert known.labels == truth.labels
    assert [one.path for one in known.pictures] == [Path("here/2.jpg")]
    assert np.array_equal(known.pictures[0].box, truth.pictures[0].box)


@pytest.mark.parametrize(
    ("frame", "across"), [((1280, 720), 2), ((1280, 720), 3), ((640, 640), 2), ((480, 1280), 3), ((320, 320), 1)]
)
def test_tiles_cover_the_frame(frame: tuple[int, int], across: int) -> None:
    extent = tile_extent(frame, (416, 416), across)
    tiles = tiled(extent)
    grid = np.stack(np.meshgrid(np.linspace(0.02, 0.98, 40), np.linspace(0.02, 0.98, 40)), axis=-1).reshape(-1, 1, 2)
    inside = (grid >= tiles[:, :2]).all(axis=2) & (grid <= tiles[:, 2:]).all(axis=2)
    assert bool(np.all(np.any(inside, axis=1)))
    assert tiles.min() >= 0
    assert tiles.max() <= 1
    assert extent[0] * frame[0] == pytest.approx(extent[1] * frame[1], rel=1e-4)  # of the model's shape


def lesson(tiles: int = 1) -> Lesson:
    teacher = read_detector(data("models", "yolox_nano_416_float.tflite"), data("models", "coco_labels.txt"))
    footage = FootageSettings(look_fps=5.0, keep_s=0.4, gap_s=0.5, longest_gap_s=0.5, held_out_share=0.4)
    return Lesson(teacher, TeacherSettings(tiles=tiles), ("person",), footage, CleaningSettings())


@pytest.fixture(scope="module")
def plaza(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first seconds of a real plaza."""
    folder = tmp_path_factory.mktemp("clips")
    whole = clips(data("videos"))
    clip = next(one for one in whole if one.path.name == "plaza_walkers.avi")
    frames = [shot.pixels for shot in shots(clip, FootageSettings(look_fps=10.0, longest_s=4.0))]
    write_clip(folder / "plaza.avi", [cv2.resize(pixels, (1280, 720)) for pixels in frames])
    return folder


def test_tiles_find_what_is_small(plaza: Path) -> None:
    pixels = next(shots(clips(plaza)[0], FootageSettings())).pixels
    found = []
    for tiles in (1, 2):
        one = lesson(tiles)
        with Teacher(one.teacher, one.looks) as teacher:
            seen_now = seeing(teacher, one.wanted)(pixels)
            found.append(int((seen_now.score > 0.5).sum()))
    assert found[1] > 1.3 * found[0]


def test_a_label_that_the_teacher_lacks_is_told() -> None:
    with pytest.raises(TrainError, match="does not know gnu; it knows person"):
        seeing(Teacher(lesson().teacher, TeacherSettings()), ["person", "gnu"])


def test_from_clips_to_the_report(plaza: Path, tmp_path: Path) -> None:
    """The student is a stand-in for training: another model, copied to where training would write it."""
    console = Console(quiet=True)
    one = lesson()
    footage = label(plaza, tmp_path, one, console)
    student = tmp_path / "student.tflite"
    other = data("models", "ssd_mobilenet_v1_coco_quant.tflite")

    def train(given: Path, _run: Path, out: Path) -> None:
        assert given == tmp_path / DATA
        shutil.copy(other, out)

    adapt(footage, tmp_path, student, train)
    exam = Exam(read_detector(student), tmp_path / DATA, 2)
    page = examine(footage, tmp_path, student, one, exam, console).read_text()
    assert (tmp_path / REPORT).is_file()
    assert (tmp_path / "labels-train.png").is_file()
    for told in ("agreement with it, not truth", "untouched student", "Against the truth", "left out"):
        assert told in page
    boxes = np.concatenate([picture.box for picture in footage.parts["test"].pictures])
    assert len(boxes) > 10


def test_footage_without_a_labelled_frame_to_report_on_is_told(tmp_path: Path) -> None:
    some = Dataset(("person",), (picture("a", [A]),))
    footage = Footage({"train": some, "test": some.take([])}, Tally(1, 1, 1, 1, 0, 0, 1), (), ("a: cut",))
    with pytest.raises(TrainError, match="no labelled frame to report on"):
        adapt(footage, tmp_path, tmp_path / "student.tflite", lambda *_: None)
