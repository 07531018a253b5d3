"""Sensors in the configuration: short forms, names, mistakes."""

from pathlib import Path

import pytest

from edge.check import check
from edge.config.loader import parse_settings
from edge.config.problems import InvalidConfig
from edge.config.settings import Settings
from edge.sensing.settings import SensorSettings
from tests.paths import REPOSITORY, data


def sensor(source: object, **more: object) -> SensorSettings:
    return SensorSettings.model_validate({"source": source, **more})


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("shed/tank", "mqtt"),
        ("/dev/ttyUSB0", "serial"),
        ("/dev/serial/by-id/usb-x", "serial"),
        ("log.CSV", "file"),
        ("log.parquet", "file"),
        ({"topic": "a/b", "time": "$.t"}, "mqtt"),
        ({"device": "/dev/ttyACM0", "baud": 9600}, "serial"),
        ({"path": "readings.txt.csv", "speed": 10}, "file"),
    ],
)
def test_short_forms(source: object, kind: str) -> None:
    assert sensor(source).source.kind == kind


def test_one_value_needs_no_name_and_a_path_alone_is_a_channel() -> None:
    assert list(sensor("a").channels) == ["value"]
    assert sensor("a", channels={"t": "$.t"}).channels["t"].at == "$.t"


def refused(text: str) -> list[str]:
    try:
        parse_settings(text.encode(), "f.yaml", Settings, {})
    except InvalidConfig as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "nothing is watched; add `cameras:`"),
        ("cameras: {}\nsensors: {}", "nothing is watched"),
        ("sensors: {a: {source: a/+/b}}", "is no topic of one sensor"),
        ("sensors: {a: {source: ''}}", "give a topic, a serial port, or a file"),
        ("sensors: {a: {source: {device: /dev/ttyS0, baud: 110}}}", "baud 110 is not one of"),
        ("sensors: {a: {source: t, channels: {v: '$.['}}}", "is no path"),
        ("sensors: {a: {source: t, channels: {v: {device_class: temprature}}}}", "is no device class"),
        ("sensors: {a: {source: t, channels: {}}}", "at least 1 entries"),
        (f"sensors: {{a: {{source: t, channels: {dict.fromkeys('abcdefghijklmnopq', 't')}}}}}", "at most 16 entries"),
        ("sensors: {a: {source: t, window: {step: 1}}}", "did you mean `step_s`?"),
        ("sensors: {a: {source: t, forecast: {horizons_s: [0]}}}", "must be more than 0"),
        ("sensors: {a: {source: t, window: {step_s: 1.0e-300}}}", "must be 0 or at least 0.001"),
        ("sensors: {a/b: {source: t}}", "may only have letters"),
    ],
)
def test_mistakes_are_told(text: str, said: str) -> None:
    told = refused(text)
    assert [said in one for one in told] == [True], told
    assert "None" not in told[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cameras: {a: {source: rtsp://h}}\nsensors: {a: {source: t}}", "the name a stands twice"),
        ("sensors: {zone: {source: t}}", "is a word that the topics use themselves"),
        ("sensors: {a: {source: /no/such.csv}}", "there is no file /no/such.csv"),
        ("sensors: {a: {source: /dev/ttyUSB0}, b: {source: /dev/ttyUSB0}}", "it is read by sensors.a already"),
        ("sensors: {a: {source: t}}", ""),
        ("cameras: {b: {source: rtsp://h}}\nsensors: {a: {source: t}}", ""),
    ],
)
def test_check_covers_sensors(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(text)
    report = check(path)
    assert [said in str(one) for one in report.problems] == ([True] if said else [])
    assert [row[:2] for row in report.rows if row[0] == "sensor"][:1] == [
        ("sensor", text.split("sensors: {")[1].split(":", maxsplit=1)[0])
    ]


def test_no_class_has_more_than_ten_fields() -> None:
    seen = [SensorSettings, *(field.annotation for field in SensorSettings.model_fields.values())]
    sizes = [len(model.model_fields) for model in seen if isinstance(model, type) and hasattr(model, "model_fields")]
    assert len(sizes) >= 4
    assert max(sizes) <= 10


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ({}, "the model is a ssd; `foresight-train series forecast` makes one of a sensor"),
        (None, "there is no file"),
    ],
)
def test_a_model_that_forecasts_no_sensor_is_told(tmp_path: Path, bundle: object, said: str) -> None:
    path = tmp_path / "m.tflite"
    if bundle is not None:
        path = data("models", "ssd_mobilenet_v1_coco_quant.tflite")
    config = tmp_path / "f.yaml"
    config.write_text(f"sensors: {{a: {{source: t, model: {path}}}}}")
    assert [said in str(one) for one in check(config).problems] == [True]


def test_the_examples_are_good() -> None:
    written = (REPOSITORY / "docs/sensors.md").read_text().split("```yaml\n")[1].split("```")[0]
    sample = (REPOSITORY / "deploy/foresight.yaml").read_text()
    commented = sample[sample.index("# sensors:") :].replace("\n# ", "\n").removeprefix("# ")
    for text in (written, commented):
        sensors = parse_settings(text.encode(), "f.yaml", Settings, {}).settings.sensors
        assert list(sensors["tank"].channels) == ["level", "temperature"]


@pytest.mark.parametrize(("window", "forecast"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_the_grid_may_be_given_in_either_place(window: float, forecast: float) -> None:
    made = sensor("a", window={"step_s": window}, forecast={"step_s": forecast})
    assert (made.window.step_s, made.forecast.step_s) == (window, forecast)


def test_two_grids_are_refused() -> None:
    with pytest.raises(ValueError, match=r"window\.step_s is 1 and forecast\.step_s 2"):
        sensor("a", window={"step_s": 1}, forecast={"step_s": 2})


@pytest.mark.parametrize("grid", ["window: {step_s: 60}", "forecast: {step_s: 60, horizons_s: [3600, 1]}"])
def test_horizons_nearer_than_a_step_are_refused(grid: str) -> None:
    ahead = "" if "horizons_s" in grid else ", forecast: {horizons_s: [1, 3600]}"
    problems = refused(f"sensors: {{tank: {{source: t, {grid}{ahead}}}}}")
    assert len(problems) == 1
    assert "f.yaml:1:" in problems[0]
    assert "forecast.horizons_s: 1 s is nearer than a step of 60 s" in problems[0]


def test_horizons_of_a_step_or_about_one_are_taken() -> None:
    for horizons_s in ([], [60], [58, 3600]):
        sensor("t", window={"step_s": 60}, forecast={"horizons_s": horizons_s})
