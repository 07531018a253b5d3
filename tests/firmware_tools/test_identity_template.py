"""A fleet's template: it uses the identity, and holds no secret that all would share."""

from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.identity.template import FIRST, SAYS, refuse_unfit, text_of

PATH = Path("template.yaml")


@pytest.mark.parametrize(
    "more",
    [
        "",
        "cameras: {door: {source: 'rtsp://user:${FORESIGHT_DOOR_PASSWORD}@door/1'}}",
        "cameras: {door: {source: 'rtsp://${FORESIGHT_DOOR_LOGIN}@door/1'}}",
        "cameras: {door: {source: 'rtsp://user@door/1'}}",
        "# rtsp://user:hunter2@door/1",
    ],
)
def test_good_templates(more: str) -> None:
    refuse_unfit(SAYS + more, PATH)


def test_the_first_template_is_good() -> None:
    refuse_unfit(FIRST, PATH)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "mqtt.host must be ${FORESIGHT_BROKER}"),
        ("[]", "mqtt.host"),
        ("a: [", "no YAML"),
        (SAYS.replace("${FORESIGHT_DEVICE}", "shed"), "mqtt.device must be ${FORESIGHT_DEVICE}"),
        (SAYS.replace("device.key", "other.key"), "mqtt.tls.key_file must be ${FORESIGHT_IDENTITY}/device.key"),
        (SAYS + "  prefix: other\n", "mqtt.prefix must be foresight"),
        (SAYS + "homeassistant: {prefix: other}\n", "homeassistant.prefix must be homeassistant"),
        (SAYS + "  password: hunter2\n", "mqtt.password holds a secret"),
        (SAYS + "  password: ${FORESIGHT_A}2\n", "mqtt.password holds a secret"),
        (SAYS + "cameras: {door: {source: 'rtsp://user:hunter2@door/1'}}", "cameras.door.source holds a secret"),
        (SAYS + "sensors: {a: {token: [hunter2], api_key: hunter2}}", "sensors.a.api_key holds a secret"),
    ],
)
def test_bad_templates_are_refused_without_telling_the_secret(text: str, why: str) -> None:
    with pytest.raises(MistakeError) as refused:
        refuse_unfit(text, PATH)
    assert why in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_what_is_no_text_is_refused() -> None:
    assert text_of(b"", PATH) == ""
    with pytest.raises(MistakeError, match="UTF-8"):
        text_of(b"\xff", PATH)
