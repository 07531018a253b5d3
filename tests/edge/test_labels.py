import os
from pathlib import Path

import pytest

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.labels import MAX_BYTES, fit_labels, parse_labels, read_labels
from tests.paths import data


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (b"", ()),
        (b"\n\n", ()),
        (b"person\nbicycle\n", ("person", "bicycle")),
        (b"person\n\ncar", ("person", "", "car")),  # a hole in the plain form
        (b"0 person\n2 car\n", ("person", "", "car")),  # a hole in the numbered form
        (b"0:person\n1 : traffic light", ("person", "traffic light")),
        (b"2  car\n0  person\n", ("person", "", "car")),  # any order
        (b"\xef\xbb\xbfperson\r\ncar\r\n", ("person", "car")),  # as an editor on Windows writes it
        (b"person\n???\ncar", ("person", "", "car")),
        (b"3 dogs\ncat\n", ("3 dogs", "cat")),  # not every line is numbered
        (b"7 eleven\n7 dwarfs\n", ("7 eleven", "7 dwarfs")),  # numbers that come twice are no indices
        ("Bär\n".encode(), ("Bär",)),
    ],
)
def test_both_forms(text: bytes, labels: tuple[str, ...]) -> None:
    assert parse_labels(text) == labels


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"a" * 300, "letters"),
        (b"x\n" * 70000, "lines"),
        (b"0 a\n999999999 b", "999999999"),
        (b"a\n" * MAX_BYTES, "bytes"),
    ],
)
def test_what_is_no_label_file_is_refused(text: bytes, complaint: str) -> None:
    with pytest.raises(MalformedError, match=complaint):
        parse_labels(text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nothing\.txt cannot be read"):
        read_labels(tmp_path / "nothing.txt")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "labels.txt")
    with pytest.raises(ModelError, match="no such regular file"):
        read_labels(tmp_path / "labels.txt")


def test_an_unreadable_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(b"\xff\xff")
    with pytest.raises(ModelError, match=r"labels\.txt: .*UTF-8"):
        read_labels(path)


def test_real_label_files() -> None:
    coco = read_labels(data("models", "coco_labels.txt"))
    assert coco[0] == "person"
    assert coco[89] == "toothbrush"
    assert coco[11] == ""
    assert len([label for label in coco if label]) == 80
    assert len(read_labels(data("models", "imagenet_labels.txt"))) == 1001


@pytest.mark.parametrize(
    ("labels", "classes", "fitted"),
    [
        ((), 3, ()),
        (("a", "b"), 0, ("a", "b")),
        (("a", "b"), 2, ("a", "b")),
        (("a", "", "b"), 3, ("a", "", "b")),
        (("a", "", "b"), 2, ("a", "b")),  # the model counts the named ones only
    ],
)
def test_labels_are_fitted_to_the_classes(labels: tuple[str, ...], classes: int, fitted: tuple[str, ...]) -> None:
    assert fit_labels(labels, classes) == fitted


def test_labels_of_another_model_are_refused() -> None:
    with pytest.raises(ModelError, match=r"4 classes .* names 2 \(3 with holes\)"):
        fit_labels(("a", "", "b"), 4)
