"""What people look at: drawings, clips, contact sheets, lines of JSON."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.attention import LookSettings
from edge.contracts import boxes
from edge.contracts.errors import ConfigError
from edge.contracts.types import Forecasts, Tracks
from edge.drawing import caption, contact_sheet, draw_forecasts, draw_near_misses, draw_tracks, draw_zones
from edge.engine import Engine
from edge.forecast.settings import ForecastSettings
from edge.forecast.straight import ConstantVelocity
from edge.recording import Annotator, Clip, JsonLines
from tests.rigs.scenes import HEIGHT, RIGHT_HALF, WIDTH, Reel, Scripted, camera, chain, grey, intake, scene
from tests.rigs.tracks import tracks

FORECAST = ConstantVelocity(ForecastSettings())


def forecasts(of: Tracks) -> Forecasts:
    return FORECAST.forecast(of)


def test_nothing_is_drawn_of_nothing() -> None:
    picture = grey()
    draw_tracks(picture, Tracks.empty(), {})
    draw_forecasts(picture, Tracks.empty(), forecasts(Tracks.empty()))
    draw_zones(picture, {}, {})
    draw_near_misses(picture, Tracks.empty(), [(1, 2)])
    assert np.array_equal(picture, grey())


def test_a_box_is_drawn_where_the_track_is() -> None:
    picture = grey()
    draw_tracks(picture, tracks([[0.25, 0.5, 0.5, 0.75]]), {1: "person"})
    changed = np.argwhere((picture != 100).any(axis=2))
    top, left = changed.min(axis=0)
    assert abs(left - WIDTH / 4) <= 2
    assert top <= HEIGHT / 2
    assert (picture[HEIGHT * 3 // 4 - 30, WIDTH // 4 + 30] == 100).all()  # the inside stays as it is


def test_a_path_is_drawn_ahead_of_what_moves_only() -> None:
    picture = grey()
    moving = tracks([[0.1, 0.4, 0.2, 0.6]], velocity=[[0.2, 0, 0.2, 0]])
    draw_forecasts(picture, moving, forecasts(moving))
    assert (picture[round(0.6 * HEIGHT), round(0.5 * WIDTH)] != 100).any()
    still = grey()
    resting = tracks([[0.1, 0.4, 0.2, 0.6]])
    draw_forecasts(still, resting, forecasts(resting))
    assert np.array_equal(still, grey())


def test_a_line_joins_those_who_will_come_too_near() -> None:
    picture = grey()
    draw_near_misses(picture, tracks([[0.1, 0.4, 0.2, 0.5], [0.7, 0.4, 0.8, 0.5]]), [(1, 2), (1, 9)])
    assert (picture[HEIGHT // 2, WIDTH // 2] != 100).any()
    assert (picture[HEIGHT // 4] == 100).all()


def test_each_way_is_drawn_as_strong_as_it_is_likely() -> None:
    picture, moving = grey(), tracks([[0.1, 0.4, 0.2, 0.6]], velocity=[[0.2, 0, 0.2, 0]])
    plain = forecasts(moving)
    centre = np.repeat(plain.mode_centre, 3, axis=1)
    centre[0, :, :, 1] += np.array([[-0.3], [0.0], [0.3]], np.float32)  # up, on, down
    weight = np.array([[0.7, 0.27, 0.03]], np.float32)
    draw_forecasts(
        picture,
        moving,
        replace(plain, mode_weight=weight, mode_centre=centre, mode_sigma=np.repeat(plain.mode_sigma, 3, axis=1)),
    )
    x = round(boxes.centre(plain.box)[0, 2, 0] * WIDTH)
    up, on, down = (
        int(np.abs(picture[round(y * HEIGHT), x].astype(int) - 100).max()) for y in (0.6 - 0.3, 0.6, 0.6 + 0.3)
    )
    assert up > 2 * on > 0
    assert down == 0


@pytest.mark.parametrize("box", [[-3.0, -3.0, 4.0, 4.0], [1e9, 1e9, 2e9, 2e9], [float("nan")] * 4])
def test_absurd_forecasts_do_not_stop_the_drawing(box: list[float]) -> None:
    moving = tracks([box], velocity=[[5, 0, 5, 0]])
    draw_forecasts(grey(), moving, forecasts(moving))


@pytest.mark.parametrize("box", [[-3.0, -3.0, 4.0, 4.0], [float("nan")] * 4, [1e9, 1e9, 2e9, 2e9]])
def test_absurd_boxes_do_not_stop_the_drawing(box: list[float]) -> None:
    draw_tracks(grey(), tracks([box]), {})


@pytest.mark.parametrize("corner", [(-500, -500), (10_000, 10_000), (0, 0)])
def test_captions_stay_in_the_picture(corner: tuple[int, int]) -> None:
    picture = grey()
    caption(picture, "a caption", corner, (0, 0, 200))
    assert (picture != 100).any()


@pytest.mark.parametrize(("count", "rows"), [(0, 1), (1, 1), (3, 1), (4, 2), (9, 3)])
def test_a_contact_sheet_has_a_place_for_each_picture(count: int, rows: int) -> None:
    sheet = contact_sheet([grey()] * count, columns=3, width=300)
    assert sheet.shape[0] > 50 * (rows - 1)
    assert (sheet == 100).all(axis=2).sum() >= count * 100 * 50


def test_a_clip_has_every_frame_and_a_sheet(tmp_path: Path) -> None:
    annotator = Annotator({RIGHT_HALF.name: RIGHT_HALF.points}, {})
    one = camera(lambda: Reel([scene(k) for k in range(70)]), Scripted())
    with (
        Clip(annotator, tmp_path / "out" / "a.mp4", tmp_path / "out" / "a.png", 10) as clip,
        Engine([one], [clip]) as engine,
    ):
        engine.run()
    read = cv2.VideoCapture(str(tmp_path / "out" / "a.mp4"))
    assert int(read.get(cv2.CAP_PROP_FRAME_COUNT)) == 70
    sheet = cv2.imread(str(tmp_path / "out" / "a.png"))
    assert sheet is not None
    assert sheet.shape[1] > 1900


def test_pictures_are_kept_no_larger_than_the_sheet_shows_them(tmp_path: Path) -> None:
    one, made, sense = camera(lambda: Reel([]), Scripted()), chain(Scripted(), LookSettings(every_frame=True)), intake()
    frame = scene(0)
    followed = made.step(sense.step(replace(frame, pixels=cv2.resize(frame.pixels, (3200, 1800)))))
    tracemalloc.start()
    try:
        with Clip(Annotator({}, {}), tmp_path / "a.mp4", tmp_path / "a.png", 10) as clip:
            for _ in range(8):
                clip.seen(one, followed)
            held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 8 * 640 * 360 * 3 <= held < 2 * 3200 * 1800 * 3  # eight as the sheet shows them are less than two whole ones


def test_drawing_leaves_the_frame_as_it_was() -> None:
    one, made, sense = camera(lambda: Reel([]), Scripted()), chain(Scripted(), LookSettings(every_frame=True)), intake()
    followed = [made.step(sense.step(scene(k))) for k in range(20)][-1]
    picture = Annotator({}, {}).draw(one, followed)
    assert np.array_equal(followed.sensed.frame.pixels, scene(19).pixels)
    assert not np.array_equal(picture, followed.sensed.frame.pixels)


def test_without_frames_the_files_are_empty(tmp_path: Path) -> None:
    with JsonLines(tmp_path / "new" / "e.jsonl", tmp_path / "other" / "t.jsonl", "run"):
        pass
    assert (tmp_path / "new" / "e.jsonl").read_bytes() == b""
    assert (tmp_path / "other" / "t.jsonl").read_bytes() == b""


@pytest.mark.parametrize("taken", ["e.jsonl", "t.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_told_and_no_file_stays_open(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).mkdir()
    with (  # a file left open would be a ResourceWarning, which fails the test
        pytest.raises(ConfigError, match=f"{taken} cannot be written: Is a directory"),
        JsonLines(tmp_path / "e.jsonl", tmp_path / "t.jsonl", "run"),
    ):
        pass


def test_lines_of_json_hold_every_frame_and_event(tmp_path: Path) -> None:
    one = camera(lambda: Reel([scene(k) for k in range(70)]), Scripted())
    with JsonLines(tmp_path / "e.jsonl", tmp_path / "t.jsonl", "run") as lines, Engine([one], [lines]) as engine:
        engine.run()
    said = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [one["seq"] for one in said] == list(range(70))
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert (kinds[0], kinds[-1]) == ("new", "end")


@pytest.mark.parametrize("size", [(1, 64), (64, 1), (1, 1), (1, 2000)])
def test_sheets_of_odd_pictures_have_a_sensible_size(size: tuple[int, int]) -> None:
    sheet = contact_sheet([np.zeros((*size, 3), np.uint8)], columns=3, width=300)
    assert sheet.shape[0] <= 500
