"""`foresight replay` of a recording: lines, a picture, a summary."""

import io
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from edge.contracts.errors import ConfigError, EdgeError, SourceError
from edge.contracts.windows import Scaling, SeriesWindow
from edge.sensing.plot import COMES, EXPECTED, LEFT, ODD, PANEL, RIGHT, SERIES, WIDTH, draw
from edge.sensing.replay import FILES, PICTURE, replay_readings
from edge.sensing.trace import Traced
from tests.rigs.daemon import foresight
from tests.rigs.learning_model import learning_autoencoder
from tests.rigs.sensing import wave
from tests.rigs.wire_check import check_all


def table(path: Path, count: int = 300) -> Path:
    values = wave(count)
    if count > 200:
        values[200] += 50
    rows = [f"{1_700_000_000 + 60 * k},{value:.3f},{2 * value:.3f}" for k, value in enumerate(values)]
    path.write_text("\n".join(["time,tank temp,double", *rows, ""]))
    return path


def replay(source: Path, out: Path, config: Path | None = None, sensor: str = "") -> str:
    said = io.StringIO()
    replay_readings(source, config, sensor, out, Console(file=said, width=400))
    return said.getvalue()


def lines(out: Path, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / name).read_text().splitlines()]


def test_a_recording_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("time,v\n")
    with pytest.raises(SourceError, match="no column of numbers"):
        replay(tmp_path / "r.csv", tmp_path / "out")


def test_every_column_of_numbers_is_a_channel(tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = replay(table(tmp_path / "r.csv"), out)
    assert "300 readings" in said
    assert "a sample every 60 s" in said
    assert [len(lines(out, name)) for name in FILES[:3]] == [300, 293, 300]
    for name, kind in zip(FILES, ("reading", "series_forecast", "anomaly", "sensor_event_body"), strict=True):
        check_all(kind, lines(out, name))
    told = {event["utc_ns"]: event["kind"] for event in lines(out, "events.jsonl")}
    assert told[(1_700_000_000 + 60 * 200) * 10**9] == "anomaly"
    assert "normal" in told.values()
    assert lines(out, "readings.jsonl")[0] == {
        "v": 1, "sensor": "r", "utc_ns": 1_700_000_000 * 10**9,
        "values": [round(wave(1)[0], 3), round(2 * wave(1)[0], 3)],
    }  # fmt: skip
    picture = cv2.imread(str(out / PICTURE))
    assert picture is not None
    assert picture.shape[1] == WIDTH


def test_columns_whose_names_look_alike_are_all_there(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("time,温度,湿度\n" + "".join(f"{k},1,2\n" for k in range(20)), encoding="utf-8")
    replay(tmp_path / "r.csv", tmp_path / "out")
    assert lines(tmp_path / "out", "readings.jsonl")[0]["values"] == [1.0, 2.0]


@pytest.mark.parametrize("column", ["a" * 300, "'a\"]b", "a\"]['b"])
def test_a_column_that_cannot_be_named_is_told_in_words(tmp_path: Path, column: str) -> None:
    (tmp_path / "r.csv").write_text(f"time|{column}\n0|1\n1|2\n")
    with pytest.raises(SourceError, match="rename it in the file"):
        replay(tmp_path / "r.csv", tmp_path / "out")


def test_a_sensor_of_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "f.yaml"
    config.write_text(
        "sensors:\n  other: {source: t}\n  tank:\n    source: shed/tank\n"
        "    channels: {double: $.payload.twice}\n    alarm: {threshold: 1}\n"
    )
    said = replay(table(tmp_path / "r.csv"), tmp_path / "out", config, "tank")
    assert said.startswith("tank: 300 readings")
    assert {len(row["values"]) for row in lines(tmp_path / "out", "readings.jsonl")} == {1}  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="has no sensor well; it has other, tank"):
        replay(table(tmp_path / "r.csv"), tmp_path / "out", config, "well")


def test_the_result_does_not_go_over_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(EdgeError):
        replay(tmp_path / "none.csv", tmp_path / "out")


def test_the_command(tmp_path: Path) -> None:
    done = foresight(tmp_path, "replay", table(tmp_path / "r.csv", 50), "--out", tmp_path / "out")
    assert (done.returncode, done.stdout.splitlines()[0].startswith("r: 50 readings")) == (0, True)
    assert foresight(tmp_path, "replay", tmp_path / "none.csv").returncode == 2


# the picture


def traced(count: int, odd: tuple[tuple[float, float], ...] = ()) -> Traced:
    t_s = np.arange(count, dtype=np.float64)
    values = np.sin(t_s / 10)[:, None]
    blank = np.full_like(values, math.nan)
    expected = np.where(t_s[:, None] < count / 2, blank, values)
    return Traced(t_s, values, expected, np.full_like(values, 0.2), np.zeros(count), odd, None)


def share(picture: np.ndarray, colour: tuple[int, int, int], left: int, right: int) -> float:
    """Of a panel's pixels between two columns, those of a colour."""
    part = picture[44 : 44 + PANEL, left:right]
    return float(np.mean(np.all(part == colour, axis=-1)))


def test_a_picture_of_nothing_is_a_picture() -> None:
    empty = Traced(np.zeros(0), np.zeros((0, 1)), np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0), (), None)
    assert draw(empty, ["v"], "none").shape[1] == WIDTH


@pytest.mark.parametrize("count", [1, 200, 50_000])
def test_a_picture_shows_what_was_read(count: int) -> None:
    picture = draw(traced(count), ["v"], "tank")
    assert share(picture, SERIES, LEFT, WIDTH) > 0
    assert share(picture, COMES, LEFT, WIDTH) == 0


def test_bands_and_oddities_are_where_they_were() -> None:
    picture = draw(traced(200, odd=((20.0, 40.0),)), ["v"], "tank")
    width = WIDTH - LEFT - RIGHT
    begin, end, middle = LEFT + width // 10, LEFT + width // 5, LEFT + width // 2
    assert share(picture, ODD, begin + 4, end - 4) > 0.8
    assert share(picture, ODD, end + 4, WIDTH) == 0
    assert share(picture, EXPECTED, LEFT, middle - 4) == 0
    assert share(picture, EXPECTED, middle + 20, WIDTH - RIGHT) > 0.1


def test_an_auto_encoder_scores_what_is_played(tmp_path: Path) -> None:
    window = SeriesWindow(("tank temp",), 8, 60.0, Scaling.FIXED, (20.0,), (3.0,), ())
    model = learning_autoencoder(tmp_path / "a.tflite", window, limit=4.0)
    config = tmp_path / "foresight.yaml"
    config.write_text(f"sensors: {{tank: {{source: t, channels: {{level: $.level}}, scorer: {model}}}}}\n")
    source = tmp_path / "r.csv"
    source.write_text(table(source).read_text().replace("tank temp", "level"))
    replay(source, tmp_path / "out", config)
    begin_ns = (1_700_000_000 + 60 * 200) * 10**9
    told = {event["utc_ns"]: event["kind"] for event in lines(tmp_path / "out", "events.jsonl")}
    assert next(iter(told.items())) == (begin_ns, "anomaly")
    assert list(told.values()) == ["anomaly", "normal"]
