"""The comparison of `make interop` sees what differs; its environments say why they cannot be."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.interop.__main__ import answered
from tests.interop.asked import Found, ask, read_answer
from tests.interop.comparing import SAME, compare
from tests.interop.environments import ENVIRONMENTS, UnavailableError, find_python, python_of
from tests.interop.models import made_up
from tests.paths import data

DOG = Found("dog", 0.9, (0.1, 0.2, 0.5, 0.6))
OUTSIDE = Found("cat", 0.8, (0.0, 0.0, 0.4, 0.3))


@pytest.mark.parametrize(
    ("expected", "answer", "fine"),
    [
        ([], [], False),
        ([[]], [[]], False),  # nothing to agree upon
        ([[DOG]], [[DOG]], True),
        ([[DOG, OUTSIDE]], [[OUTSIDE, DOG]], True),
        ([[DOG]], [[]], False),
        ([[DOG]], [[DOG], [DOG]], False),
        ([[DOG]], [[DOG, OUTSIDE]], False),
        ([[DOG]], [[DOG, replace(DOG, score=0.06)]], True),  # the other may have missed that
        ([[DOG]], [[replace(DOG, label="cat")]], False),
        ([[DOG]], [[replace(DOG, score=0.8)]], False),
        ([[DOG]], [[replace(DOG, box=(0.11, 0.21, 0.49, 0.6))]], True),  # whole pixels
        ([[DOG]], [[replace(DOG, box=(0.2, 0.1, 0.6, 0.5))]], False),  # x for y
        ([[OUTSIDE]], [[replace(OUTSIDE, box=(-0.1, -0.1, 0.4, 0.3))]], True),  # not cut
        ([[OUTSIDE]], [[replace(OUTSIDE, box=(0.0, 0.0, 0.5, 0.4))]], True),  # moved, as MediaPipe does
        ([[OUTSIDE]], [[replace(OUTSIDE, box=(0.1, 0.1, 0.5, 0.4))]], False),
    ],
)
def test_compares(expected: list[list[Found]], answer: list[list[Found]], fine: bool) -> None:
    assert compare(expected, answer, 100, SAME).fine == fine


def test_a_request_holds_all_that_a_reader_needs(tmp_path: Path) -> None:
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    request, expected = ask(model, made_up(2), tmp_path)
    assert json.loads((tmp_path / "request.json").read_text())["model"] == str(model.resolve())
    assert (request.task, request.size_px, request.quantised, len(expected)) == ("detector", 300, True, 2)


@pytest.mark.parametrize(
    ("program", "trouble"),
    [
        ("import sys; open(sys.argv[2], 'w').write('[[]]')", ""),
        ("raise SystemExit('no such model')", "it refused: no such model"),
        ("import os; os.abort()", "it died of signal 6"),
    ],
)
def test_readers_that_fail_are_told_of(tmp_path: Path, program: str, trouble: str) -> None:
    (tmp_path / "reader.py").write_text(program)
    reader = replace(ENVIRONMENTS[0], program=tmp_path / "reader.py")
    assert answered(reader, Path(sys.executable), tmp_path) == trouble
    if not trouble:
        assert read_answer(tmp_path / "answer.json") == [[]]


def test_an_environment_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"it needs Python 3\.8 or older"):
        find_python((3, 8))
    assert find_python((3, 99)) == sys.executable
    wrong = replace(ENVIRONMENTS[0], packages=("./no-such-folder",))
    with pytest.raises(UnavailableError, match=r"\./no-such-folder cannot be installed: ERROR"):
        python_of(wrong, tmp_path)
