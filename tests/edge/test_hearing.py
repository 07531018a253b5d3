"""Classifiers of windows in the daemon and in replay, with a real model: the class is the loudest band, or channel."""

import json
import threading
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from rich.console import Console

from edge.check import check
from edge.config.sequences import SensorEntry, SoundSettings
from edge.config.settings import Settings
from edge.contracts.errors import ConfigError, ModelError, SourceError
from edge.contracts.recognition import Recognition
from edge.contracts.sound import filter_bank
from edge.contracts.topics import Topics
from edge.contracts.types import F32, Reading, SeriesForecast
from edge.contracts.windows import Scaling, SeriesWindow, SoundWindow
from edge.discovery import describe
from edge.doctor.findings import Level
from edge.doctor.sounds import recorder, sound
from edge.hearing.replay import replay_sound
from edge.hearing.sounds import Hearing
from edge.hearing.telling import RecognitionPublisher
from edge.hearing.values import ValueListener, with_grids
from edge.homeassistant.sensor_components import SensorComponents
from edge.runtime.settings import RuntimeSettings
from edge.sensing.outlook import Sensed
from tests.edge.test_messages import checked
from tests.paths import REPOSITORY
from tests.rigs import hass_rules
from tests.rigs.sounds import write_wav
from tests.rigs.window_model import window_model

TOPICS = Topics("shed")
SOUND = SoundWindow(8000, 0.032, 0.016, 8, 60.0, 3800.0, 10, (-9.0,) * 8, (1.0,) * 8)
SERIES = SeriesWindow(("x", "y"), 4, 0.5, Scaling.FIXED, (0.0, 0.0), (0.1, 0.1), ())
BANDS = tuple(f"b{number}" for number in range(8))


def tone(band: int, seconds: float = 0.5) -> F32:
    hertz = float(filter_bank(SOUND)[:, band].argmax()) * 8000 / 512
    made: F32 = (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(8000 * seconds)) / 8000)).astype(np.float32)
    return made


def clip(path: Path, rate_hz: int = 8000) -> Path:
    """Half a second of silence, band 2, silence, band 5, silence."""
    hush = np.zeros(4000, np.float32)
    whole = np.concatenate([hush, tone(2), hush, tone(5), hush])
    return write_wav(path, np.repeat(whole, rate_hz // 8000).astype(np.float32), rate_hz=rate_hz)


class Bus:
    connected = True

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self.sent.append((topic, payload))

    def subscribe(self, topic_filter: str, handler: object) -> None:
        """Nothing is heard."""


class Events:
    def __init__(self) -> None:
        self.kept: list[tuple[str, bytes]] = []

    def put(self, topic: str, body: bytes, *_: object) -> int:
        self.kept.append((topic, body))
        return len(self.kept)


def told_by(path: Path) -> list[tuple[str, str]]:
    return [(one["class"], one["sensor"]) for one in map(json.loads, path.read_text().splitlines())]


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_replay_writes_what_was_recognised_when(tmp_path: Path, rate_hz: int) -> None:
    model, console = window_model(tmp_path / "m.tflite", SOUND, BANDS), Console(record=True, width=100)
    replay_sound(clip(tmp_path / "a.wav", rate_hz), None, model, tmp_path / "out", console)
    events = [json.loads(line) for line in (tmp_path / "out" / "events.jsonl").read_text().splitlines()]
    assert [one["class"] for one in events] == ["b2", "b5"]
    assert all(0.5 < one["utc_ns"] / 1e9 - start < 1.1 for one, start in zip(events, (0.0, 1.0), strict=True))
    classes = told_by(tmp_path / "out" / "classes.jsonl")
    assert len(classes) > 5
    assert {sensor for _, sensor in classes} == {"sound"}
    assert "2 recognised" in console.export_text()


def test_replay_without_a_model_or_a_sound_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--classifier"):
        replay_sound(clip(tmp_path / "a.wav"), None, None, tmp_path, Console())
    series = window_model(tmp_path / "s.tflite", SERIES, ("a", "b"))
    with pytest.raises(ModelError, match="not a sound"):
        replay_sound(tmp_path / "a.wav", None, series, tmp_path, Console())
    model = window_model(tmp_path / "m.tflite", SOUND, BANDS)
    with pytest.raises(SourceError, match="is not there"):
        replay_sound(tmp_path / "none.wav", None, model, tmp_path, Console())


def sounds(folder: Path) -> dict[str, SoundSettings]:
    """One microphone that hears the clip once."""
    model = window_model(folder / "m.tflite", SOUND, BANDS)
    source = {"path": str(clip(folder / "a.wav"))}
    return {"mic": SoundSettings.model_validate({"source": source, "classifier": str(model)})}


def test_a_microphone_is_told_over_mqtt_and_as_events(tmp_path: Path) -> None:
    bus, events = Bus(), Events()
    told = RecognitionPublisher(bus, events, TOPICS, "run1")
    with Hearing(sounds(tmp_path), RuntimeSettings(), tmp_path / "state", told) as hearing:
        hearing.wait(threading.Event())
        assert hearing.heard == {"mic": True}
        assert hearing.options == {"mic": (*BANDS, "unknown")}
    classes = [checked("class", payload)["class"] for topic, payload in bus.sent if topic == TOPICS.recognised("mic")]
    assert [name for name in classes if name != "unknown"] == ["b2", "b5"]
    assert [checked("recognised_body", body)["class"] for _, body in events.kept] == ["b2", "b5"]


def test_no_microphone_is_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Hearing({}, RuntimeSettings(), tmp_path, lambda _: None) as hearing:
        assert (hearing.ended, hearing.heard) == (True, {})
        assert set(threading.enumerate()) <= before  # of which some may end meanwhile


def test_a_class_is_published_when_it_changes() -> None:
    bus, events = Bus(), Events()
    told = RecognitionPublisher(bus, events, TOPICS, "run1")
    for number, (label, fresh) in enumerate([("a", True), ("a", False), ("unknown", False), ("a", False)]):
        told(Recognition("mic", number, label, 0.9, fresh))
    assert [json.loads(payload)["class"] for _, payload in bus.sent] == ["a", "unknown", "a"]
    assert len(events.kept) == 1


def entry(folder: Path, **changes: object) -> SensorEntry:
    model = window_model(folder / "s.tflite", SERIES, ("left", "right"))
    told = {"source": "imu/values", "channels": {"x": "$.x", "y": "$.y"}, "classifier": str(model), **changes}
    return SensorEntry.model_validate(told)


def sensed(second: float, *values: float) -> Sensed:
    reading = Reading("imu", round(second * 1e9), values)
    return Sensed(reading, False, SeriesForecast("imu", reading.utc_ns, (), (), (), 0.0), None)


def test_values_of_a_sensor_are_named(tmp_path: Path) -> None:
    found: list[Recognition] = []
    with ExitStack() as stack:
        sensors = {"imu": entry(tmp_path), "other": SensorEntry.model_validate({"source": "a/b"})}
        listener = ValueListener(sensors, RuntimeSettings(), None, found.append, stack)
        for step in range(8):
            listener.sensed("imu", sensed(100 + step / 2, 1.0, 0.0))
            listener.sensed("other", sensed(100 + step / 2, 1.0))
        assert [one.label for one in found] == ["left"] * 5
        listener.sensed("imu", sensed(110, 1.0, 0.0))  # after a gap a window begins anew
        assert len(found) == 5
    assert listener.options == {"imu": ("left", "right", "unknown")}


def test_a_clock_that_is_set_back_silences_no_classifier(tmp_path: Path) -> None:
    found: list[Recognition] = []
    with ExitStack() as stack:
        listener = ValueListener({"imu": entry(tmp_path)}, RuntimeSettings(), None, found.append, stack)
        for step in range(16):
            back_s = 3600 if step >= 8 else 0
            listener.sensed("imu", sensed(10_000 + step / 2 - back_s, 1.0, 0.0))
    assert [one.label for one in found] == ["left"] * 13


def test_a_sensor_with_a_classifier_is_on_its_grid(tmp_path: Path) -> None:
    assert with_grids({"imu": entry(tmp_path)})["imu"].window.step_s == 0.5
    with pytest.raises(ConfigError, match=r"sensors\.imu\.window\.step_s is 2"):
        with_grids({"imu": entry(tmp_path, window={"step_s": 2})})


def test_another_grid_than_the_classifiers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sensors\.imu\.forecast\.step_s is 2"):
        with_grids({"imu": entry(tmp_path, forecast={"step_s": 2})})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sensors: {imu: {source: t, classifier: FOLDER/s.tflite}}", "(x, y) and the sensor has 1"),
        ("sensors: {imu: {source: t, classifier: FOLDER/m.tflite}}", "takes a sound, not values"),
        (
            "sensors: {imu: {source: t, channels: {x: a, y: b}, forecast: {step_s: 2}, classifier: FOLDER/s.tflite}}",
            "trained on steps of 0.5 s",
        ),
        ("sounds: {mic: {source: microphone, classifier: FOLDER/s.tflite}}", "not a sound"),
        ("sounds: {mic: {source: microphone, classifier: STREET}}", "is a trajectory and names no windows"),
    ],
)
def test_check_tells_of_classifiers_that_do_not_fit(tmp_path: Path, text: str, said: str) -> None:
    window_model(tmp_path / "m.tflite", SOUND, BANDS)
    window_model(tmp_path / "s.tflite", SERIES, ("left", "right"))
    street = REPOSITORY / "edge/forecast/shipped/street.tflite"
    config = tmp_path / "foresight.yaml"
    config.write_text(text.replace("FOLDER", str(tmp_path)).replace("STREET", str(street)))
    assert [said in str(one) for one in check(config).problems] == [True]


def test_channels_that_do_not_match_are_told(tmp_path: Path) -> None:
    one = entry(tmp_path, channels={"x": "$.x"})
    with ExitStack() as stack, pytest.raises(ConfigError, match=r"2 channels \(x, y\) and the sensor has 1"):
        ValueListener({"imu": one}, RuntimeSettings(), None, lambda _: None, stack)


def test_a_configuration_with_sounds_alone_is_checked(tmp_path: Path) -> None:
    window_model(tmp_path / "m.tflite", SOUND, BANDS)
    config = tmp_path / "foresight.yaml"
    config.write_text(f"sounds: {{mic: {{source: microphone, classifier: {tmp_path}/m.tflite}}}}\n")
    report = check(config)
    assert report.problems == ()
    assert ("sound", "mic", f"microphone default; named by {tmp_path}/m.tflite") in report.rows
    config.write_text(f"sounds: {{mic: {{source: {tmp_path}/no.wav, classifier: {tmp_path}/no.tflite}}}}\n")
    told = [str(one) for one in check(config).problems]
    assert len(told) == 2
    assert all("there is no file" in one for one in told)


def test_the_doctor_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (heard,) = sound("mic", sounds(tmp_path)["mic"])
    assert (heard.level, heard.what) == (Level.OK, "8000 samples a second, loudest -6 dB of full scale")
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = recorder()
    assert "alsa-utils" in found.what
    settings = SoundSettings.model_validate({"source": "microphone", "classifier": f"{tmp_path}/m.tflite"})
    (missing,) = sound("mic", settings)
    assert (missing.level, "alsa-utils" in missing.todo) == (Level.PROBLEM, True)
    write_wav(tmp_path / "a.wav", np.zeros(8000, np.float32))
    (quiet,) = sound(
        "mic", SoundSettings.model_validate({"source": f"{tmp_path}/a.wav", "classifier": f"{tmp_path}/m.tflite"})
    )
    assert quiet.level == Level.WARNING


def test_home_assistant_knows_the_classes(tmp_path: Path) -> None:
    settings = Settings.model_validate({"sounds": sounds(tmp_path)})
    (known,) = describe(settings, TOPICS, [], [], {}, {"mic": ("yes", "unknown")}).sounds
    made = SensorComponents(TOPICS).of_sound(known)
    recognised = made["foresight_shed_mic_class"]
    assert (recognised["device_class"], recognised["options"]) == ("enum", ["yes", "unknown"])
    assert recognised["state_topic"] == "foresight/shed/sensor/mic/class"
    rules = jsonschema.Draft202012Validator(hass_rules.payload())
    rules.validate({"device": {"identifiers": ["mic"]}, "origin": {"name": "Foresight"}, "components": made})
    assert "state_class" not in recognised  # which an enum may not have
