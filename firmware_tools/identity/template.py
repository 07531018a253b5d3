"""The configuration that the devices of a fleet have in common: what it must say, and what it must not hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from firmware_tools.errors import MistakeError
from firmware_tools.identity.values import BOARD, BROKER, DEVICE, GROUP, IDENTITY, MODELS, PORT

FILE = "template.yaml"
SAYS = f"""\
mqtt:
  host: ${{{BROKER}}}
  port: ${{{PORT}}}
  device: ${{{DEVICE}}}
  tls:
    ca_file: ${{{IDENTITY}}}/authority.crt
    cert_file: ${{{IDENTITY}}}/device.crt
    key_file: ${{{IDENTITY}}}/device.key
"""
FIRST = f"""\
# The configuration of every device of this fleet; docs/provisioning.md. What differs from device to device stands in
# variables: ${{FORESIGHT_...}}. Those of `mqtt` are set by provisioning, others come with `--values FILE`.
# Models are named ${{{MODELS}}}/NAME.tflite and lie in the folder models/ beside this file.

{SAYS}
cameras:
  camera:
    source: /dev/video0

# Signed releases, taken up by themselves; docs/updates.md. They need the root of the releases on the device.
# updates:
#   enabled: true
#   board: ${{{BOARD}}}
#   groups: ["${{{GROUP}}}"]
"""
UNCHANGED = {("mqtt", "prefix"): "foresight", ("homeassistant", "prefix"): "homeassistant"}  # rights are for these
_REFERENCE = re.compile(r"\$\{FORESIGHT_[A-Za-z0-9_]+\}")
_SECRET = re.compile(r"(?i)(^|_)(password|passwd|passphrase|pwd|token|secret|api_?key)$")
_LOGIN = re.compile(r"://[^\s/@:]*:[^\s@/]+@")


def text_of(data: bytes, path: Path) -> str:
    """The text of a template's bytes. Raises MistakeError."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MistakeError(f"{path} is no text in UTF-8; name a configuration") from error


def refuse_unfit(text: str, path: Path) -> None:
    """Refuse a template that does not use the device's identity, or in which a secret stands that all would share.

    Args:
        text: of the template, which the daemon's own reader has taken.
        path: what messages call it.

    Raises:
        MistakeError: with what to write instead.
    """
    try:
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise MistakeError(f"{path} is no YAML: mend it, `foresight check` says where") from error
    wanted = dict(_scalars(yaml.safe_load(SAYS)))
    found = dict(_scalars(tree))
    for place, value in wanted.items():
        if found.get(place) != value:
            key = ".".join(place)
            raise MistakeError(f"{path}: {key} must be {value}, else a device does not use its identity:\n{SAYS}")
    for place, value in UNCHANGED.items():
        if found.get(place, value) != value:
            raise MistakeError(f"{path}: {'.'.join(place)} must be {value}: a device has rights under no other topics")
    for place, value in found.items():
        if _is_secret(place[-1] if place else "", value):
            key = ".".join(place)
            raise MistakeError(
                f"{path}: {key} holds a secret that all devices would share; write ${{FORESIGHT_...}} in its place and "
                "give each device its own with --values"
            )


def _scalars(value: object, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _scalars(below, (*place, str(key)))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _scalars(below, (*place, str(number)))
    elif value is not None:
        yield place, str(value)


def _is_secret(key: str, value: str) -> bool:
    given = _REFERENCE.sub("", value)
    return bool(given and _SECRET.search(key)) or bool(_LOGIN.search(given))
