"""`foresight replay` and `bench` as a newcomer runs them, and what they leave behind."""

import json
from pathlib import Path
from typing import Any

import cv2

from tests.paths import data
from tests.rigs.cameras import MjpegServer, jpeg, known_picture
from tests.rigs.clips import FRAMES, HEIGHT, WIDTH, walker
from tests.rigs.daemon import foresight
from tests.rigs.trajectories import write_rearranger
from tests.rigs.wire_check import check_all, check_lives

ZONES = """\
cameras:
  gate:
    source: rtsp://camera.invalid/stream
    zones: [{name: middle, points: [[0.3, 0.1], [0.7, 0.1], [0.7, 1], [0.3, 1]]}]
    lines: [{name: across, points: [[0.5, 1], [0.5, 0]]}]
"""


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def pictures(path: Path) -> tuple[int, tuple[int, int]]:
    """How many pictures a clip really holds, and their size."""
    clip, count, size = cv2.VideoCapture(str(path)), 0, (0, 0)
    while (read := clip.read())[0]:
        count, size = count + 1, (read[1].shape[1], read[1].shape[0])
    return count, size


def replayed(folder: Path, clip: Path, *options: str | Path) -> tuple[list[Any], list[Any], str]:
    """Tracks and events of a clip, held against the schema, and what was said."""
    done = foresight(folder, "replay", clip, "--out", folder / "out", *options)
    assert done.returncode == 0, done.stderr
    tracks, events = lines(folder / "out" / "tracks.jsonl"), lines(folder / "out" / "events.jsonl")
    check_all("tracks", tracks)
    check_all("event_body", events)
    check_lives(events)
    check_all("score", lines(folder / "out" / "scores.jsonl"))
    return tracks, events, done.stdout


def test_without_a_model_whatever_moves_is_followed(tmp_path: Path) -> None:
    tracks, events, said = replayed(tmp_path, walker(tmp_path / "walker.avi"))
    assert [message["seq"] for message in tracks] == list(range(FRAMES))
    assert {event["label"] for event in events} == {"moving"}
    assert "no neural model" in said
    assert "forecasts of straight lines: off by 0." in said
    assert pictures(tmp_path / "out" / "annotated.mp4") == (FRAMES, (WIDTH, HEIGHT))
    assert pictures(tmp_path / "out" / "contact.png")[0] == 1


def test_both_forecasters_are_scored(tmp_path: Path) -> None:
    config = tmp_path / "model.yaml"
    config.write_text(f"forecast: {{model: {write_rearranger(tmp_path / 'mine.tflite')}}}\n{ZONES}")
    _, _, said = replayed(tmp_path, walker(tmp_path / "walker.avi"), "--config", config)
    assert "forecasts of straight lines: off by 0." in said
    assert "forecasts of rearranger: off by " in said
    assert "told at the end: straight lines" in said


def test_zones_come_from_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "zones.yaml"
    config.write_text(ZONES)
    _, events, _ = replayed(tmp_path, walker(tmp_path / "walker.avi"), "--config", config)
    told = [(event["kind"], event["zone"]) for event in events]
    for wanted in (("entered", "middle"), ("crossed", "across"), ("left", "middle")):
        assert told.count(wanted) == 1
    assert {event["camera"] for event in events} == {"gate"}


def test_an_embedder_runs_beside_and_expectations_are_scored(tmp_path: Path) -> None:
    vectors = data("models", "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite")
    config = tmp_path / "groups.yaml"
    groups = "groups: {warm_up: 2, min_members: 1}\nclassify: {min_samples: 1, min_side_px: 8}\n"
    config.write_text(f"{ZONES}{groups}embedder: {vectors}\n")
    tracks, _, said = replayed(tmp_path, walker(tmp_path / "walker.avi"), "--config", config)
    named = {one["sub_label"] for message in tracks for one in message["tracks"]}
    assert named == {""}  # one object alone is no group
    (middle, across) = lines(tmp_path / "out" / "scores.jsonl")
    assert (middle["place"], across["place"]) == ("middle", "across")
    assert round(middle["happened"]) == round(across["happened"]) == 1
    assert "middle: 1 happened" in said
    config.write_text(f"{ZONES}embedder: {data('models', 'ssd_mobilenet_v1_coco_quant.tflite')}\n")
    refused = foresight(tmp_path, "check", config)
    assert (refused.returncode, "an embedding model is needed" in refused.stdout + refused.stderr) == (2, True)


def test_a_model_on_the_command_line_takes_the_place_of_the_configured_one(tmp_path: Path) -> None:
    config = tmp_path / "zones.yaml"
    config.write_text(f"{ZONES}model: /no/such.tflite\n")
    refused = foresight(tmp_path, "replay", "street", "--config", config, "--out", tmp_path / "out")
    assert (refused.returncode, "/no/such.tflite" in refused.stderr) == (2, True)
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    _, _, said = replayed(tmp_path, walker(tmp_path / "walker.avi"), "--config", config, "--model", model)
    assert "found by model" in said


def test_a_real_model_on_a_real_clip(tmp_path: Path) -> None:
    clip = beginning(data("videos", "plaza_walkers.avi"), tmp_path / "plaza.avi", 60)
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    tracks, events, _ = replayed(tmp_path, clip, "--model", model)
    assert len(tracks) == 60
    assert max(len(message["tracks"]) for message in tracks) >= 2
    assert "person" in {event["label"] for event in events}
    assert pictures(tmp_path / "out" / "annotated.mp4") == (60, (1280, 720))


def test_bench_ends_with_its_figures_as_json(tmp_path: Path) -> None:
    model = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    options = ("--model", model, "--frames", "10", "--threads", "1")
    done = foresight(tmp_path, "bench", walker(tmp_path / "walker.avi"), *options)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["frames"], figures["threads"], figures["width"], figures["height"]) == (10, 1, WIDTH, HEIGHT)
    assert (figures["delegate"], figures["live"]) == ("xnnpack", False)
    stages = {"read", "activity", "detect", "preprocess", "invoke", "decode", "track", "forecast", "events", "encode"}
    assert stages <= set(figures["stage_ms"])
    for times in figures["stage_ms"].values():
        assert 0 <= times["p50"] <= times["p95"] <= times["p99"]
    assert figures["stage_ms"]["invoke"]["p50"] < figures["stage_ms"]["detect"]["p50"]
    assert figures["rss_mb"] > 20
    assert "WARNING" not in done.stdout


def test_bench_without_a_model_says_so(tmp_path: Path) -> None:
    done = foresight(tmp_path, "bench", "street", "--frames", "10")
    assert done.returncode == 0, done.stderr
    assert "model: none; the motion detector finds whatever moves" in done.stdout
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["model"], figures["runtime"]) == ("none", "none")
    assert "invoke" not in figures["stage_ms"]


def test_bench_shows_the_name_of_a_clip_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a[").mkdir()
    clip = walker(tmp_path / "a[" / "b].avi")  # `[/b]` would end a style of the terminal
    done = foresight(tmp_path, "bench", clip, "--frames", "10")
    assert done.returncode == 0, done.stderr
    assert str(clip) in "".join(done.stdout.split())  # a long one takes more than a line
    assert json.loads(done.stdout.splitlines()[-1])["source"] == str(clip)


def test_bench_of_a_live_camera_goes_at_its_pace(tmp_path: Path) -> None:
    turns = [jpeg(picture) for picture in (known_picture(), known_picture()[:, ::-1])]  # one alone is a frozen camera
    with MjpegServer(turns, fps=5) as camera:
        done = foresight(tmp_path, "bench", camera.url, "--frames", "15")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["live"], figures["frames"], figures["source"]) == (True, 15, camera.url)
    assert figures["stage_ms"]["read"]["p50"] > figures["stage_ms"]["activity"]["p50"]  # it waits for pictures
    assert "the camera's own pace" in done.stdout


def test_bench_of_a_frozen_camera_says_so_and_ends(tmp_path: Path) -> None:
    with MjpegServer([jpeg(known_picture())], fps=10) as camera:
        done = foresight(tmp_path, "bench", camera.url, "--frames", "5000", limit_s=120.0)
    assert done.returncode == 2
    assert "sends one and the same picture" in done.stderr
    assert "Traceback" not in done.stderr


def beginning(clip: Path, path: Path, count: int) -> Path:
    """The first pictures of a clip as one of its own."""
    read = cv2.VideoCapture(str(clip))
    size = (int(read.get(cv2.CAP_PROP_FRAME_WIDTH)), int(read.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), read.get(cv2.CAP_PROP_FPS), size)
    for _ in range(count):
        writer.write(read.read()[1])
    writer.release()
    return path
