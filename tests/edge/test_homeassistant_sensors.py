"""What Home Assistant is told of sensors."""

import json
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest

from edge.bus import LocalBus
from edge.config.settings import Settings
from edge.contracts.messages import encode_anomaly, encode_reading, encode_series_forecast, encode_stats
from edge.contracts.topics import Topics
from edge.contracts.types import Reading, SeriesForecast
from edge.discovery import describe
from edge.homeassistant.announcer import Announcer
from edge.homeassistant.settings import HomeAssistantSettings
from edge.sensors.device_classes import DEVICE_CLASSES, NOT_MEASURED
from tests.rigs import hass_rules
from tests.rigs.healthy import health

TOPICS = Topics("dev")
TOPIC = "homeassistant/device/dev/foresight_dev_air/config"
CHANNELS = {
    "temperature": {"at": "$.t", "unit": "°C", "device_class": "temperature"},
    "energy": {"at": "$.e", "unit": "kWh", "device_class": "energy"},
    "plain": "$.p",
}


def announced(folder: Path, **steps_s: float) -> dict[str, Any]:
    """The payload of the sensor's discovery topic."""
    settings = Settings.model_validate({"sensors": {"air": {"source": "t", "channels": CHANNELS}}})
    bus, kept = LocalBus(), dict[str, Any]()
    bus.subscribe("homeassistant/#", lambda message: kept.update({message.topic: json.loads(message.payload)}))
    announcer = Announcer(bus, TOPICS, HomeAssistantSettings(), folder)
    announcer.announce(describe(settings, TOPICS, [], [], steps_s))
    for payload in kept.values():
        jsonschema.Draft202012Validator(hass_rules.payload()).validate(payload)
    found: dict[str, Any] = kept[TOPIC]
    return found


def entity(payload: dict[str, Any], key: str) -> dict[str, Any]:
    found: dict[str, Any] = payload["components"][f"foresight_dev_air_{key}"]
    return found


def rendered(one: dict[str, Any], payload: bytes) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    text = payload.decode()
    decoded = json.loads(text) if text.startswith("{") else None
    return environment.from_string(one["value_template"]).render(value=text, value_json=decoded)


def test_until_its_step_is_known_a_sensor_has_no_forecast(tmp_path: Path) -> None:
    payload = announced(tmp_path)
    assert not [key for key in payload["components"] if "forecast" in key]
    assert payload["device"]["name"] == "Dev Air"
    assert entity(payload, "value_temperature")["name"] == "Temperature"


@pytest.mark.parametrize(("step_s", "names"), [(60, ["60 s", "4 min", "12 min"]), (3600, ["60 min", "4 h", "12 h"])])
def test_each_channel_has_a_forecast_at_each_horizon(tmp_path: Path, step_s: float, names: list[str]) -> None:
    payload = announced(tmp_path, air=step_s)
    told = [entity(payload, f"forecast_temperature_{k}")["name"] for k in range(3)]
    assert told == [f"Temperature in {name}" for name in names]
    assert len([key for key in payload["components"] if "forecast" in key]) == 9


def test_units_and_classes_are_those_of_the_configuration(tmp_path: Path) -> None:
    payload = announced(tmp_path, air=60)
    keys = ("unit_of_measurement", "device_class", "state_class")
    told = {name: [entity(payload, f"value_{name}").get(key) for key in keys] for name in CHANNELS}
    assert told == {
        "temperature": ["°C", "temperature", "measurement"],
        "energy": ["kWh", "energy", None],  # a meter: Home Assistant refuses `measurement`
        "plain": [None, None, "measurement"],
    }
    assert NOT_MEASURED < DEVICE_CLASSES


def test_templates_find_what_is_published(tmp_path: Path) -> None:
    payload = announced(tmp_path, air=60)
    reading = encode_reading(Reading("air", 1, (21.5, 3.0, 7.0)))
    ahead = SeriesForecast(
        "air", 1, (60.0, 240.0, 720.0), ((1.0, 2.0, 3.0),) * 2 + ((4.0, 5.0, 6.0),), ((1.0,) * 3,) * 3, 0.25
    )
    assert rendered(entity(payload, "value_energy"), reading) == "3.0"
    assert rendered(entity(payload, "forecast_energy_2"), encode_series_forecast(ahead)) == "5.0"
    assert rendered(entity(payload, "anomaly"), encode_anomaly(ahead)) == "0.25"
    assert rendered(entity(payload, "trouble"), encode_stats(health(), "dev", 1)) == "None"  # it is new
    for status, on in (("online", "ON"), ("stuck", "ON"), ("silent", "OFF"), ("offline", "OFF")):
        assert rendered(entity(payload, "status"), status.encode()) == on
        available = entity(payload, "anomaly")["availability"][1]
        assert rendered(available, status.encode()) == ("offline" if status == "offline" else "online")


def test_the_problem_reads_the_retained_switch(tmp_path: Path) -> None:
    problem = entity(announced(tmp_path), "problem")
    assert (problem["platform"], problem["device_class"]) == ("binary_sensor", "problem")
    assert problem["state_topic"] == "foresight/dev/sensor/air/problem"
