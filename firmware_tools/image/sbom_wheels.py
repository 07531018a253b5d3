"""Wheels and models as parts of a bill of materials."""

from pathlib import Path
from urllib.parse import quote

from edge.contracts.files import sha256_of
from firmware_tools.image.sbom import Part
from firmware_tools.image.wheel import Wheel

LONGEST_LICENCE = 200  # characters; some wheels put the whole text there


def wheel_part(wheel: Wheel) -> Part:
    """A wheel. Raises OSError."""
    purl = f"pkg:pypi/{quote(wheel.name)}@{quote(wheel.version, safe='')}"
    return Part("library", wheel.name, wheel.version, purl, licence(wheel), sha256_of(wheel.path))


def model_part(path: Path, version: str = "") -> Part:
    """A model file. Raises OSError."""
    return Part("machine-learning-model", path.name, version, "", "", sha256_of(path))


def licence(wheel: Wheel) -> str:
    """What a wheel says of its licence: the SPDX expression, else the field `License`, else its classifiers."""
    told = wheel.metadata
    if expression := told.get("License-Expression"):
        return str(expression).strip()
    field = str(told.get("License") or "").strip()
    if field and field != "UNKNOWN" and len(field) <= LONGEST_LICENCE and "\n" not in field:
        return field
    named = [str(line).rsplit(" :: ", 1)[-1] for line in told.get_all("Classifier", []) if "License ::" in str(line)]
    return ", ".join(sorted(set(named)))
