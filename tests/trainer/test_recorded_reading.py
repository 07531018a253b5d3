"""Recorded tracks of every format become one type; what is wrong is told by file and line."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.paths import data
from trainer.errors import TrainError
from trainer.recorded.mot import Shape, told_shape
from trainer.recorded.opening import described, open_recorded
from trainer.recorded.scene import Unit

INI = "[Sequence]\nname=A\nframeRate=10\nimWidth=200\nimHeight=100\nseqLength=3\n"
MOT = "1,7,20,10,10,20,1,1,1\n2,7,30,10,10,20,1,1,1\n3,7,40,10,10,20,1,1,1\n1,8,0,0,10,10,1,3,1\n2,8,0,0,10,10,1,3,1\n"
WALK = "0\t1\t1.0\t2.0\n10\t1\t1.5\t2.0\n20\t1\t2.0\t2.0\n"


def line(second: float, box: list[float], lost_s: float = 0.0, identity: int = 4) -> str:
    track = {"id": identity, "label": "car", "box": box, "lost_s": lost_s, "score": 0.9}
    told = {"v": 1, "camera": "gate", "run": "ab", "seq": 1, "utc_ns": round(second * 1e9), "tracks": [track]}
    return json.dumps(told) + "\n"


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_mot_text(tmp_path: Path) -> None:
    written(tmp_path, "A/seqinfo.ini", INI)
    path = written(tmp_path, "A/gt/gt.txt", MOT)
    found = open_recorded(str(path))
    (scene,), (person, car) = found.scenes, found.scenes[0].tracks
    assert (found.problems, scene.name, scene.unit, scene.aspect) == ((), "A", Unit.HEIGHTS, 2.0)
    assert (person.label, car.label) == ("person", "car")
    np.testing.assert_allclose(person.t_s, [0.1, 0.2, 0.3])
    np.testing.assert_allclose(person.position, [[0.25, 0.2], [0.35, 0.2], [0.45, 0.2]])
    np.testing.assert_allclose(person.size[0], [0.1, 0.2])


def test_mot_text_without_its_ini(tmp_path: Path) -> None:
    path = written(tmp_path, "det.txt", MOT)
    assert open_recorded(str(path), Shape(400, 200, 20)).scenes[0].tracks[0].t_s[0] == 0.05
    with pytest.raises(TrainError, match=r"--frame 1920x1080 --fps 30"):
        open_recorded(str(path))
    assert told_shape("640x480", 5) == Shape(640, 480, 5)
    with pytest.raises(TrainError, match="--frame 640 is no size"):
        told_shape("640", 5)
    with pytest.raises(TrainError, match="is no size"):
        told_shape("²x3", 5)


def test_a_copy_of_a_scene_is_told_and_left_out(tmp_path: Path) -> None:
    for name in ("A-one", "A-other"):
        written(tmp_path, f"{name}/seqinfo.ini", INI)
        written(tmp_path, f"{name}/gt/gt.txt", MOT)
    found = open_recorded(str(tmp_path))
    assert [scene.name for scene in found.scenes] == ["A-one"]
    assert [one.what for one in found.problems] == [
        f"it holds the same tracks as {tmp_path / 'A-one/gt/gt.txt'}; not read"
    ]


def test_eth_ucy_text(tmp_path: Path) -> None:
    found = open_recorded(str(written(tmp_path, "val/zara.txt", WALK)))
    (scene,) = found.scenes
    assert (scene.unit, scene.part, found.problems) == (Unit.METRES, "val", ())
    np.testing.assert_allclose(scene.tracks[0].t_s, [0, 0.4, 0.8])
    assert np.isnan(scene.tracks[0].size).all()


def test_lines_of_replay(tmp_path: Path) -> None:
    text = (
        line(5.0, [0.1, 0.2, 0.3, 0.6]) + line(5.5, [0.2, 0.2, 0.4, 0.6]) + line(6.0, [0.3, 0.2, 0.5, 0.6], lost_s=0.5)
    )
    found = open_recorded(str(written(tmp_path, "out/tracks.jsonl", text)))
    (scene,) = found.scenes
    assert [one.what for one in found.problems] == ["no annotated.mp4 beside it says how wide its pictures are"]
    assert scene.tracks[0].label == "car"
    np.testing.assert_allclose(scene.tracks[0].position, np.array([[0.2 * 16 / 9, 0.4], [0.3 * 16 / 9, 0.4]]))


@pytest.mark.parametrize(
    ("name", "text", "problems"),
    [
        ("a.txt", WALK + "30 1 x 2.0\n", ["line 4: field 3 is 'x', no number"]),
        ("a.txt", WALK + "30 1 nan 2.0\n", ["line 4: field 3 is nan"]),
        ("a.txt", WALK + "\n30 1 2.0\n", ["line 5: it has 3 fields"]),
        ("a.txt", WALK + "20 1 2.0 9.0\n", ["line 4: track 1 was at this time in line 3 already"]),
        ("a.txt", WALK + "30 1 1e9 2.0\n", ["line 4: the position 1e+09, 2 is no place in metres"]),
        ("gt.txt", MOT + "3,-1,0,0,5,5,1\n", ["line 6: its id is -1: it belongs to no track"]),
        ("gt.txt", MOT + "3,8,0,0,5,-5,1\n", ["line 6: its box is 5 x -5"]),
        ("gt.txt", MOT + "3,8\n", ["line 6: it has 2 fields"]),
        (
            "t.jsonl",
            line(1, [0, 0, 1, 1]) * 2 + "{",
            ["no annotated.mp4", "line 3: Expecting", "line 2: track 4 was", "no track was"],
        ),
        (
            "t.jsonl",
            line(1, [0, 0, 1, 1]) + line(2, [0, 0, 1]),
            ["no annotated.mp4", "line 2: the box", "no track was"],
        ),
    ],
)
def test_what_is_wrong_is_told_by_line(tmp_path: Path, name: str, text: str, problems: list[str]) -> None:
    written(tmp_path, "seqinfo.ini", INI)
    written(tmp_path, "good.txt", WALK)
    path = written(tmp_path, name, text)
    found = open_recorded(str(tmp_path))
    told = [one.what for one in found.problems if one.path == path]
    assert len(told) == len(problems)
    assert all(what.startswith(words) for what, words in zip(told, problems, strict=True))
    assert all(one.advice for one in found.problems)


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    written(tmp_path, "a.txt", WALK + "bad bad bad bad\n" * 100)
    assert [one.what for one in open_recorded(str(tmp_path)).problems][-1] == "80 more lines like these"


@pytest.mark.parametrize("text", ["", "hello\n", "# a b c\n", "\x00\x01"])
def test_what_is_no_recording(tmp_path: Path, text: str) -> None:
    with pytest.raises(TrainError, match="holds no tracks"):
        open_recorded(str(written(tmp_path, "a.txt", text)))
    with pytest.raises(TrainError, match="is not there"):
        open_recorded(str(tmp_path / "nowhere"))


def test_who_is_away_for_long_is_another_afterwards(tmp_path: Path) -> None:
    later = "".join(f"{frame} 1 9.0 9.0\n" for frame in (200, 210))
    (scene,) = open_recorded(str(written(tmp_path, "a.txt", WALK + later))).scenes
    assert [(track.id, len(track.t_s)) for track in scene.tracks] == [("1.1", 3), ("1.2", 2)]


def test_the_street_by_its_name() -> None:
    found = open_recorded("street:3")
    assert [scene.part for scene in found.scenes] == ["train", "val", "test"]
    assert described("street:3") == "the rendered street, 3 scenes, seeds from 70000"
    with pytest.raises(TrainError, match="street:N"):
        open_recorded("street:1")


def test_public_recordings() -> None:
    zara = open_recorded(str(data("eth_ucy/zara1/test/crowds_zara01.txt")))
    assert (zara.tracks, zara.problems, zara.scenes[0].part) == (148, (), "test")
    mot = open_recorded(str(data("mot17/MOT17-09/gt/gt.txt")))
    assert (mot.tracks, mot.problems, round(mot.scenes[0].aspect, 2)) == (26, (), 1.78)
