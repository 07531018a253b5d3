"""Readers of recordings, and how they are divided."""

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.paths import data
from tests.rigs.recordings import motion, motions, sktime, tone, tones
from tests.rigs.sounds import write_wav
from trainer.errors import TrainError
from trainer.series.classify.dividing import divided
from trainer.series.classify.folders import Asked
from trainer.series.classify.naming import parse_naming
from trainer.series.classify.opening import open_recordings
from trainer.series.classify.recordings import ALL, SOUND, Recording, Recordings

NAMES = parse_naming("{label}_{group}_{number}")
PLAIN = Asked(None, 0.0, ())
NAMED = Asked(NAMES, 0.0, ())


@pytest.mark.parametrize(
    ("pattern", "stem", "found"),
    [
        ("{label}_{group}_{number}", "", None),
        ("{label}_{group}_{number}", "7_theo", None),
        ("{label}_{group}_{number}", "7_theo_11", {"label": "7", "group": "theo", "number": "11"}),
        ("{part}.{label}", "test.up", {"part": "test", "label": "up"}),
        ("rec-{group}", "rec-(a+b)", {"group": "(a+b)"}),
    ],
)
def test_names_are_read_by_a_pattern(pattern: str, stem: str, found: dict[str, str] | None) -> None:
    assert parse_naming(pattern).read(stem) == found


@pytest.mark.parametrize("pattern", ["", "plain", "{number}", "{label}_{label}"])
def test_patterns_that_say_nothing_are_refused(pattern: str) -> None:
    with pytest.raises(TrainError, match="--names"):
        parse_naming(pattern)


def test_sounds_with_telling_names(tmp_path: Path) -> None:
    found = open_recordings(tones(tmp_path / "a", speakers=2, each=1), NAMED)
    assert (found.labels, found.channels, found.rate_hz, len(found)) == (("high", "low", "rising"), SOUND, 8000.0, 6)
    assert sorted({row.group for row in found.rows}) == ["s0", "s1"]
    assert found.rows[0].values.shape == (3200, 1)


def test_sounds_of_several_rates_come_to_the_lowest(tmp_path: Path) -> None:
    for label, rate in (("a", 16000), ("b", 8000)):
        (tmp_path / label).mkdir()
        write_wav(tmp_path / label / "1.wav", tone("low", 1, rate_hz=rate), rate_hz=rate)
    found = open_recordings(tmp_path, PLAIN)
    assert found.rate_hz == 8000
    assert all(abs(len(row.values) - 3200) <= 2 for row in found.rows)


def test_tables_in_folders_of_their_class_and_part(tmp_path: Path) -> None:
    motions(tmp_path / "train", each=2)
    motions(tmp_path / "test", each=1)
    found = open_recordings(tmp_path, PLAIN)
    assert (found.labels, found.channels, round(found.rate_hz)) == (("rest", "shake", "swing"), ("x", "y", "z"), 20)
    assert [len(found.part(name)) for name in ("train", "test", ALL)] == [6, 3, 0]


def test_sktime_files_are_parts_by_their_name(tmp_path: Path) -> None:
    values = np.array([[1.0, 4.0], [np.nan, 5.0], [3.0, 6.0]], np.float32)
    for part in ("TRAIN", "TEST"):
        sktime(tmp_path / f"X_{part}.ts", [("a", values), ("b", values)])
        path = tmp_path / f"X_{part}.ts"
        path.write_text(path.read_text().replace("nan", "?"))
    found = open_recordings(tmp_path, Asked(None, 10.0, ()))
    assert [row.part for row in found.rows] == ["test", "test", "train", "train"]
    assert found.rows[0].values.tolist() == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]


HEAD = "@problemName X\n@timeStamps false\n@classLabel true a b\n@data\n1,2,3:b\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no .*@classLabel true"),
        (HEAD.replace("true a b", "false"), "no .*@classLabel true"),
        (HEAD.replace("1,2,3:b", ""), "no cases"),
        (HEAD.replace("@timeStamps false", "@timeStamps true"), "time stamps"),
        (HEAD + "1,2,3:1,2:a", "line 6: its dimensions have"),
        (HEAD + "1,2,x:a", "line 6: .*only numbers"),
        (HEAD + "1,2,3:c", "line 6: .* none of a, b"),
        (HEAD + "?,?,?:a", "line 6: a whole dimension is missing"),
        (HEAD + "a", "line 6: its dimensions have"),
    ],
)
def test_sktime_files_that_are_wrong_are_told_by_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.ts"
    path.write_text(text)
    with pytest.raises(TrainError, match=said):
        open_recordings(path, Asked(None, 10.0, ()))


def test_sktime_files_need_a_rate(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="--rate"):
        open_recordings(sktime(tmp_path / "x.ts", []), PLAIN)


@pytest.mark.parametrize(
    ("files", "asked", "said"),
    [
        ([], PLAIN, "neither wav nor CSV"),
        (["a/1.wav", "b/1.csv"], PLAIN, "both wav and CSV"),
        (["a/1.wav"], PLAIN, "the one class a"),
        (["1.wav", "2.wav"], PLAIN, "no folder of a class"),
        (["a/1.wav", "b/1.wav"], NAMED, "not named like"),
        (["a/1.wav", "b/1.wav"], PLAIN, "no wav file"),
    ],
)
def test_folders_that_say_nothing_are_told_in_words(tmp_path: Path, files: list[str], asked: Asked, said: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    with pytest.raises(TrainError, match=said):
        open_recordings(tmp_path, asked)


def test_columns_that_differ_are_told(tmp_path: Path) -> None:
    motions(tmp_path, each=1)
    path = tmp_path / "rest" / "0.csv"
    path.write_text(path.read_text().replace("time,x", "time,u"))
    with pytest.raises(TrainError, match=r"u, y, z|x, y, z"):
        open_recordings(tmp_path, PLAIN)


def some(groups: dict[str, str], each: int = 2) -> Recordings:
    """Recordings of two classes: groups by name, with their parts."""
    rows = [
        Recording(Path(f"{name}{number}"), number % 2, name, part, motion("rest", zlib.crc32(name.encode()) + number))
        for name, part in groups.items()
        for number in range(each)
    ]
    return Recordings(("a", "b"), ("x", "y", "z"), 20.0, tuple(rows))


def test_a_group_is_never_divided() -> None:
    parts = divided(some({f"s{number}": ALL for number in range(10)}))
    groups = {name: {row.group for row in part.rows} for name, part in parts.items()}
    assert sum(map(len, groups.values())) == 10
    assert {name: len(part) for name, part in parts.items()} == {"train": 12, "validation": 4, "test": 4}
    assert divided(some({f"s{number}": ALL for number in range(10)}))["test"].label.tolist() == [0, 1, 0, 1]


def test_parts_that_are_named_stay_and_the_rest_comes_of_training() -> None:
    parts = divided(some({**{f"s{number}": "train" for number in range(8)}, "t": "test"}))
    assert {row.group for row in parts["test"].rows} == {"t"}
    assert (len(parts["train"]), len(parts["validation"])) == (12, 4)


@pytest.mark.parametrize(
    ("groups", "said"),
    [({"s": ALL}, "too few groups"), ({"s0": "train", "s1": "test"}, "too few groups")],
)
def test_too_few_groups_are_told(groups: dict[str, str], said: str) -> None:
    with pytest.raises(TrainError, match=said):
        divided(some(groups))


def test_a_group_in_two_parts_is_told() -> None:
    one, other = some({"s": "train", "r": "train", "q": "train", "p": "train"}), some({"s": "test"})
    both = Recordings(one.labels, one.channels, one.rate_hz, (*one.rows, *other.rows))
    with pytest.raises(TrainError, match="the group s is in"):
        divided(both)


def test_a_copy_of_what_is_learnt_from_judges_nothing() -> None:
    given = some({**{f"s{number}": "train" for number in range(8)}, "t": "test"})
    copy = replace(given.rows[0], path=Path("copy"), group="copy", part="test")
    with pytest.raises(TrainError, match="hold the same recording"):
        divided(replace(given, rows=(*given.rows, copy)))
    silent = tuple(replace(row, values=np.zeros_like(row.values)) for row in given.rows)
    assert len(divided(replace(given, rows=silent))["test"]) == 2


def test_no_window_bridges_what_was_not_recorded(tmp_path: Path) -> None:
    motions(tmp_path, each=1)
    path = tmp_path / "rest" / "0.csv"
    path.write_text(path.read_text() + "60.00,1,2,3\n60.05,1,2,3\n")
    with pytest.raises(TrainError, match=r"0.csv is interrupted for more than 30 samples of 0.05 s"):
        open_recordings(tmp_path, PLAIN)


def test_a_file_is_no_folder_of_classes(tmp_path: Path) -> None:
    write_wav(tmp_path / "1.wav", tone("low", 1))
    with pytest.raises(TrainError, match="is one file, and a class needs several"):
        open_recordings(tmp_path / "1.wav", PLAIN)


def test_sounds_need_whole_samples_per_second(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="whole samples per second"):
        open_recordings(tones(tmp_path / "a", speakers=2, each=1), Asked(NAMES, 0.2, ()))


def test_the_public_data_sets_are_read() -> None:
    found = open_recordings(data("sensors", "BasicMotions"), Asked(None, 10.0, ()))
    assert (len(found.part("train")), len(found.part("test")), found.rows[0].values.shape) == (40, 40, (100, 6))
    spoken = open_recordings(data("speech_digits"), NAMED)
    assert (len(spoken), len(spoken.labels), len({row.group for row in spoken.rows})) == (720, 10, 6)
