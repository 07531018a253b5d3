"""Loading, defaults per camera, and errors in plain words, on models small enough to see through."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from edge.config.loader import load, parse_settings
from edge.config.problems import InvalidConfig
from edge.contracts.topics import NAME_PATTERN

Name = Annotated[str, Field(pattern=NAME_PATTERN)]


class Detection(BaseModel, extra="forbid", frozen=True):
    threshold: float = Field(0.5, ge=0, le=1, description="Score from which an object counts.")
    labels: tuple[str, ...] = ()
    mode: Literal["fast", "exact"] = "fast"
    tiles: int = Field(1, ge=1)
    crops: bool = False


class Broker(BaseModel, extra="forbid", frozen=True):
    host: str = "localhost"
    port: int = Field(1883, gt=0, lt=65536)
    password: SecretStr = SecretStr("")


class Source(BaseModel, extra="forbid", frozen=True):
    url: str
    fps: float = Field(5.0, gt=0)


class Zone(BaseModel, extra="forbid", frozen=True):
    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]

    @field_validator("points")
    @classmethod
    def _inside(cls, points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if any(not 0 <= value <= 1 for point in points for value in point):
            raise ValueError("points are fractions of the frame, 0..1")
        return points


class Camera(BaseModel, extra="forbid", frozen=True):
    source: str | Source = Field(description="Where pictures come from.")
    zones: dict[Name, Zone] = {}
    detection: Detection = Detection()


class Whole(BaseModel, extra="forbid", frozen=True):
    mqtt: Broker = Broker()
    detection: Detection = Detection()
    cameras: dict[Name, Camera] = {}


def loaded(text: str, environment: dict[str, str] | None = None) -> Whole:
    return parse_settings(text.encode(), "f.yaml", Whole, environment or {}).settings


def refused(text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InvalidConfig) as error:
        loaded(text, environment)
    return str(error.value).splitlines()


def test_defaults_serve_for_what_is_not_written() -> None:
    assert loaded("{}") == Whole()
    assert loaded("mqtt:\ndetection:\n  # tiles: 2\n") == Whole()


def test_cameras_take_the_top_levels_sections_and_override_key_by_key() -> None:
    settings = loaded(
        "detection: {threshold: 0.6, labels: [car, bus]}\n"
        "cameras:\n  a: {source: x}\n  b: {source: x, detection: {labels: [dog]}}\n  c: {source: x, detection: }\n"
    )
    assert settings.cameras["a"].detection == Detection(threshold=0.6, labels=("car", "bus"))
    assert settings.cameras["b"].detection == Detection(threshold=0.6, labels=("dog",))
    assert settings.cameras["c"].detection == settings.detection


def test_a_fault_in_the_defaults_is_told_once_where_it_was_written() -> None:
    text = "detection: {threshold: 2}\ncameras:\n  a: {source: x}\n  b: {source: x, detection: {tiles: 2}}\n"
    assert refused(text) == ["f.yaml:1:24: detection.threshold: must be at most 1.0, is 2"]


def test_a_fault_in_an_override_is_told_at_the_camera() -> None:
    text = "cameras:\n  a:\n    source: x\n    detection:\n      threshold: -1\n"
    assert refused(text) == ["f.yaml:5:18: cameras.a.detection.threshold: must be at least 0.0, is -1"]


CAMERA = "cameras:\n  a:\n    source: x\n    "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mqttt: {}", "f.yaml:1:1: mqttt: is not a setting; did you mean `mqtt`?"),
        ("zzz: {}", "f.yaml:1:1: zzz: is not a setting; known here: cameras, detection, mqtt"),
        (CAMERA + "detection: {treshold: 1}", "f.yaml:4:17: cameras.a.detection.treshold: is not a setting; "
                                              "did you mean `threshold`?"),
        ("cameras:\n  a:\n    zones: {}", "f.yaml:2:3: cameras.a.source: is missing; "
                                          "add `source:` (Where pictures come from)"),
        ("cameras: {a: {source: {fps: 5}}}", "f.yaml:1:15: cameras.a.source.url: is missing; add `url:`"),
        ("cameras: {a: {source: {url: x, fbs: 5}}}", "f.yaml:1:32: cameras.a.source.fbs: is not a setting; "
                                                     "did you mean `fps`?"),
        ("cameras: {a: {source: 5}}", "f.yaml:1:23: cameras.a.source: must be text or must hold `key: value` settings,"
                                      " is 5"),
        ("cameras: {a: }", "f.yaml:1:13: cameras.a: must hold `key: value` settings, is empty"),
        ("cameras: []", "f.yaml:1:10: cameras: must hold `key: value` settings"),
        ("cameras: {a b: {source: x}}", "f.yaml:1:11: cameras.a b: may only have letters, digits, `_` and `-`"),
        (CAMERA + "zones: {z: {points: [[0, 0], [1, 1]]}}", "f.yaml:4:25: cameras.a.zones.z.points: "
                                                            "must have at least 3 entries, has 2"),
        (CAMERA + "zones: {z: {points: [[0, 0], [1, 1], [1, b]]}}", "f.yaml:4:46: cameras.a.zones.z.points.2.1: "
                                                                    "must be a number"),
        (CAMERA + "zones: {z: {points: [[0, 0], [1, 1], [1, 9]]}}", "f.yaml:4:25: cameras.a.zones.z.points: "
                                                                    "points are fractions of the frame, 0..1"),
        ("detection: {mode: exakt}", "f.yaml:1:19: detection.mode: is not one of the choices; "
                                     "did you mean exact? choose one of fast, exact"),
        ("detection: {mode: 1}", "f.yaml:1:19: detection.mode: is not one of the choices, is 1; "
                                 "choose one of fast, exact"),
        ("detection: {tiles: 1.5}", "f.yaml:1:20: detection.tiles: must be a whole number, is 1.5"),
        ("detection: {tiles: yes}", "f.yaml:1:20: detection.tiles: must be a number, not true or false"),
        ("detection: {threshold: true}", "f.yaml:1:24: detection.threshold: must be a number, not true or false"),
        ("detection: {labels: car}", "f.yaml:1:21: detection.labels: must be a list"),
        ("detection: {labels: [1]}", "f.yaml:1:22: detection.labels.0: must be text, is 1"),
        ("detection: {crops: maybe}", "f.yaml:1:20: detection.crops: must be true or false"),
        ("mqtt: 5", "f.yaml:1:7: mqtt: must hold `key: value` settings, is 5"),
        ("mqtt: {port: 70000}", "f.yaml:1:14: mqtt.port: must be less than 65536, is 70000"),
        ("mqtt: {host: [1]}", "f.yaml:1:14: mqtt.host: must be text"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_where_and_what_to_do(text: str, told: str) -> None:
    assert refused(text) == [told]


def test_all_problems_are_told_in_the_order_of_the_file() -> None:
    told = refused("detection: {tiles: 0}\ncameras:\n  a: {sorce: x}\nmqtt: {port: x}\n")
    assert [line.split(": ")[1] for line in told] == [
        "detection.tiles", "cameras.a.source", "cameras.a.sorce", "mqtt.port",
    ]  # fmt: skip


def test_no_secret_in_any_message() -> None:
    environment = {"FORESIGHT_PORT": "4711secret", "FORESIGHT_PASSWORD": "hunter2"}
    told = refused(
        "mqtt: {password: 271828, port: '${FORESIGHT_PORT}', host: [hunter2]}\n"
        "detection: {mode: '${FORESIGHT_PASSWORD}', tiles: '${FORESIGHT_PASSWORD}'}\n"
        "cameras: {a: {source: {url: 'rtsp://u:hunter2@h', fps: 'rtsp://u:hunter2@h'}}}\n"
        "'rtsp://u:hunter2@h': 1\n",
        environment,
    )
    assert len(told) == 7
    assert not [line for line in told for secret in ("271828", "4711", "hunter2") if secret in line]


def test_text_from_the_environment_is_read_as_the_settings_type() -> None:
    text = "mqtt: {port: '${FORESIGHT_PORT}', password: '${FORESIGHT_PASSWORD}'}"
    settings = loaded(text, {"FORESIGHT_PORT": "8883", "FORESIGHT_PASSWORD": "007"})
    assert (settings.mqtt.port, settings.mqtt.password.get_secret_value()) == (8883, "007")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.yaml", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(InvalidConfig) as error:
            load(path, Whole)
        assert error.value.problems[0].message.startswith("cannot be read: ")


def test_load_reads_the_process_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("mqtt: {host: '${FORESIGHT_HOST}'}")
    monkeypatch.setenv("FORESIGHT_HOST", "broker")
    assert load(path, Whole).mqtt.host == "broker"
