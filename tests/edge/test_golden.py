"""A golden input is the same everywhere; answers are compared with what belongs there."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import MOST_VALUES, Golden, compare, encode_golden, parse_golden, thinned
from edge.contracts.golden_file import read_golden
from edge.contracts.golden_input import PRESENT, GoldenInput, Pattern, make_input
from edge.contracts.golden_rows import Rows
from edge.contracts.track_windows import MOTION_COLUMNS
from tests.paths import REPOSITORY
from tests.rigs.hostile_models import taken_apart

PICTURE = GoldenInput(Pattern.PICTURE, 3, -1.0, 1 / 128)
WALKS = replace(PICTURE, pattern=Pattern.WALKS)
SHIPPED = [REPOSITORY / "edge/demo/shipped/street.tflite", REPOSITORY / "edge/forecast/shipped/street.tflite"]


@pytest.mark.parametrize(
    ("given", "shape", "dtype", "begin"),
    [
        (PICTURE, (1, 24, 32, 3), "uint8", "46b6ddc5"),
        (PICTURE, (1, 24, 32, 3), "int8", "2b329b8b"),
        (PICTURE, (1, 24, 32, 3), "float32", "46b8d818"),
        (replace(PICTURE, seed=7), (1, 256, 256, 3), "uint8", "f3d8fe8e"),
        (WALKS, (4, 20, 6), "float32", "3efdfdac"),
        (WALKS, (1, 7), "int16", "f40f2d76"),
        (replace(WALKS, pattern=Pattern.TRACKS, seed=9), (4, 20, 6), "float32", "d830d054"),
    ],
)
def test_inputs_are_those_that_models_were_shown(
    given: GoldenInput, shape: tuple[int, ...], dtype: str, begin: str
) -> None:
    """Their bytes are fixed for ever: every golden sample that was exported rests on them."""
    made = make_input(given, shape, dtype)
    assert (made.shape, made.dtype.name) == (shape, dtype)
    little = made.astype(made.dtype.newbyteorder("<"))
    assert hashlib.sha256(little.tobytes()).hexdigest()[:8] == begin


def test_inputs_have_structure_and_differ_by_seed() -> None:
    one, other = (make_input(replace(PICTURE, seed=seed), (1, 96, 96, 3), "uint8").astype(int) for seed in (0, 1))
    assert one.min() < 40
    assert one.max() > 200
    assert np.abs(one - other).mean() > 20
    assert np.abs(np.diff(one, axis=2)).mean() < 10  # smooth but for edges


def test_a_track_is_present_in_every_sample() -> None:
    assert (make_input(replace(WALKS, pattern=Pattern.TRACKS), (2, 5, 9), "float32")[..., 4] == 1).all()


@pytest.mark.parametrize(
    ("given", "shape", "dtype"),
    [
        (PICTURE, (), "uint8"),
        (PICTURE, (1, 0, 8, 3), "uint8"),
        (PICTURE, (1, 8, 8), "uint8"),
        (PICTURE, (2, 8, 8, 3), "uint8"),
        (PICTURE, (1, 8, 8, 3), "string"),
        (WALKS, (1, 2**20, 2**20), "float32"),
    ],
)
def test_there_is_no_input_of_a_kind_that_no_model_takes(
    given: GoldenInput, shape: tuple[int, ...], dtype: str
) -> None:
    with pytest.raises(MalformedError, match="golden input"):
        make_input(given, shape, dtype)


def golden(*values: NDArray[Any], rows: Rows | None = None, absolute: float = 2, relative: float = 0.0) -> Golden:
    kept = tuple(thinned(f"o{number}", one, absolute, relative) for number, one in enumerate(values))
    return Golden(PICTURE, kept, rows, "a library", "0" * 64)


STEPS = np.arange(-5, 5, dtype=np.int8).reshape(1, 10)
REALS = np.linspace(-1, 1, 3000, dtype=np.float32).reshape(1, 3000)


@pytest.mark.parametrize(
    ("kept", "found", "words"),
    [
        (golden(STEPS), (STEPS,), ""),
        (golden(STEPS), (STEPS + np.int8(2),), ""),
        (golden(STEPS), (STEPS + np.int8(3),), "o0 differs in 10 of 10 values"),
        (golden(STEPS), (), "0 outputs where 1 belong"),
        (golden(STEPS), (STEPS.astype(np.uint8),), "o0 is uint8"),
        (golden(STEPS), (STEPS[:, :9],), r"o0 is int8 \[1, 9\]"),
        (golden(REALS, absolute=0.01), (REALS + np.float32(0.009),), ""),
        (golden(REALS, absolute=0, relative=0.01), (REALS * np.float32(1.009),), ""),
        (golden(REALS, absolute=0.01), (REALS * np.float32(-1),), "o0 differs in .* of 1000 values"),
        (golden(REALS, absolute=0.01), (np.full_like(REALS, np.nan),), "the farthest is nan"),
        (golden(STEPS, REALS), (STEPS, REALS + np.float32(9)), "o1 differs in 1000 of 1000 values"),
    ],
)
def test_answers_are_compared(kept: Golden, found: tuple[NDArray[Any], ...], words: str) -> None:
    told = "; ".join(compare(kept, found))
    assert bool(told) == bool(words)
    _matches(told, words)


def _matches(told: str, words: str) -> None:
    assert re.search(words, told), told


def detections(*rows: tuple[float, float, float]) -> tuple[NDArray[Any], ...]:
    """Of left edge, class and score each, as large as a tenth of the picture, padded with nothing to six."""
    table = np.zeros((1, 6, 4), np.float32)
    label, score = np.zeros((1, 6), np.float32), np.zeros((1, 6), np.float32)
    for number, (left, kind, sure) in enumerate(rows):
        table[0, number] = (0.1, left, 0.2, left + 0.1)
        label[0, number], score[0, number] = kind, sure
    return table, label, score, np.array([len(rows)], np.float32)


ROWS = ((0.1, 0, 0.9), (0.5, 1, 0.6), (0.7, 1, 0.6), (0.3, 0, 0.2))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ROWS, ""),
        (((0.11, 0, 0.88), (0.7, 1, 0.61), (0.5, 1, 0.62)), ""),  # in another order, and without what scores low
        ((*ROWS, (0.85, 2, 0.31)), ""),
        (ROWS[1:], "1 rows are missing, as class 0 with 0.900"),
        ((*ROWS, (0.85, 2, 0.4)), "1 rows should not be there, as class 2 with 0.400"),
        (((0.2, 0, 0.9), *ROWS[1:]), "1 rows are missing.*1 rows should not be there"),
        (((0.1, 1, 0.9), *ROWS[1:]), "1 rows are missing"),
        (((0.1, 0, 0.8), *ROWS[1:]), "1 rows are missing"),
        ((), "3 rows are missing"),
    ],
)
def test_rows_are_compared_as_a_set(found: tuple[tuple[float, float, float], ...], words: str) -> None:
    told = "; ".join(compare(golden(*detections(*ROWS), rows=Rows(0.3, 0.05)), detections(*found)))
    assert bool(told) == bool(words)
    _matches(told, words)


def test_rows_that_are_no_numbers_differ() -> None:
    found = detections(*ROWS)
    found[0][0, 0, 0] = np.nan
    assert compare(golden(*detections(*ROWS), rows=Rows(0.3, 0.05)), found) == (
        "rows of detections hold what is no number",
    )


def test_a_sample_comes_back_as_it_was_written() -> None:
    made = golden(STEPS, REALS, absolute=0.5, relative=0.25)
    data = encode_golden(made)
    told = parse_golden(data)
    assert encode_golden(told) == data
    assert (told.given, told.rows, told.made_by) == (made.given, None, "a library")
    assert [(one.name, one.shape, one.every) for one in told.outputs] == [("o0", (1, 10), 1), ("o1", (1, 3000), 3)]
    assert len(told.outputs[1].values) <= MOST_VALUES
    assert parse_golden(encode_golden(golden(*detections(*ROWS), rows=Rows(0.3, 0.05)))).rows == Rows(0.3, 0.05)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"format": True},
        {"outputs": []},
        {"outputs": [{}]},
        {"outputs": [{"name": "o", "shape": [2**40, 2**40], "dtype": "int8", "every": 1, "values": ""}]},
        {"input": {"pattern": "noise", "seed": 1, "low": 0, "step": 1}},
        {"input": {"pattern": "walks", "seed": 2**32, "low": 0, "step": 1}},
        {"input": {"pattern": "walks", "seed": 1, "low": 0}},
        {"rows": {"score": 0.3, "tolerance": 0.1}},  # of outputs that are no detector's
        {"made_by": 1},
    ],
)
def test_what_cannot_be_read_is_refused(changes: dict[str, object]) -> None:
    told = json.loads(encode_golden(golden(STEPS)))
    with pytest.raises(MalformedError):
        parse_golden(json.dumps({**told, **changes}).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{" * 100_000, b"\xff", b"null"])
def test_what_is_no_sample_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_golden(data)


def test_values_that_are_no_numbers_are_not_written() -> None:
    with pytest.raises(MalformedError, match="no numbers"):
        encode_golden(golden(np.array([[np.nan]], np.float32)))


@pytest.mark.parametrize("path", SHIPPED)
def test_shipped_models_bring_theirs_along(path: Path, tmp_path: Path) -> None:
    found = read_golden(path)
    assert found is not None
    bare, _ = taken_apart(path.read_bytes())
    assert hashlib.sha256(bare).hexdigest() == found.model_sha256
    spoilt = tmp_path / "m.tflite"
    data = bytearray(path.read_bytes())
    data[len(bare) // 2] ^= 1
    spoilt.write_bytes(data)
    with pytest.raises(ModelError, match="was another network, or it was damaged since"):
        read_golden(spoilt)


def test_the_input_knows_the_column_of_presence() -> None:
    assert MOTION_COLUMNS[PRESENT] == "present"
