"""Bills of materials: CycloneDX's own schema takes them, and the same parts make the same bytes."""

import json
from email.message import Message
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from firmware_tools.image.sbom import Part, bill
from firmware_tools.image.sbom_debian import debian_parts, packages
from firmware_tools.image.sbom_wheels import licence
from firmware_tools.image.wheel import Wheel

TIME_S = 1_760_000_000
IMAGE = Part("firmware", "foresight-shed", "", "", "", "")
A = Part("library", "a", "1", "pkg:pypi/a@1", "MIT", "0" * 64)
B = Part("library", "b", "2+x", "pkg:pypi/b@2%2Bx", "some licence of its own", "")
MODEL = Part("machine-learning-model", "street.tflite", "", "", "", "1" * 64)
STATUS = b"""Package: libc6
Status: install ok installed
Architecture: arm64
Version: 2.41-12+deb13u2
Description: with a Package: in it
 Version: 9

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1

Package: g++
Status: install ok installed
Architecture: arm64
Version: 4:14.2.0-1

Package: half
"""


@pytest.mark.parametrize("parts", [[], [A], [A, B, MODEL]])
def test_the_schema_takes_them(parts: list[Part]) -> None:
    text = bill(IMAGE, parts, TIME_S)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told = json.loads(text)
    assert told["metadata"]["component"]["name"] == "foresight-shed"
    assert told["metadata"]["timestamp"] == "2025-10-09T08:53:20+00:00"
    assert len(told.get("components", [])) == len(parts)


def test_the_schema_refuses_what_is_none() -> None:
    text = bill(IMAGE, [A], TIME_S).replace('"library"', '"thing"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is not None


def test_order_and_repetition_make_no_difference_but_parts_do() -> None:
    assert bill(IMAGE, [A, B, MODEL, A], TIME_S) == bill(IMAGE, [MODEL, B, A], TIME_S)
    numbers = {json.loads(bill(IMAGE, parts, TIME_S))["serialNumber"] for parts in ([], [A], [A, B])}
    assert len(numbers) == 3


def test_debians_packages_are_those_that_are_installed() -> None:
    assert packages(b"") == {}
    assert set(packages(STATUS)) == {"libc6", "g++"}
    assert {part.purl for part in debian_parts(STATUS, "debian", "trixie")} == {
        "pkg:deb/debian/libc6@2.41-12%2Bdeb13u2?arch=arm64&distro=trixie",
        "pkg:deb/debian/g%2B%2B@4%3A14.2.0-1?arch=arm64&distro=trixie",
    }
    text = bill(IMAGE, debian_parts(STATUS, "debian", "trixie"), TIME_S)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([], ""),
        ([("License", "UNKNOWN")], ""),
        ([("License", "BSD"), ("License-Expression", "BSD-3-Clause")], "BSD-3-Clause"),
        ([("License", "MIT")], "MIT"),
        ([("License", "x" * 300), ("Classifier", "License :: OSI Approved :: MIT License")], "MIT License"),
        ([("Classifier", "Topic :: X"), ("Classifier", "License :: A"), ("Classifier", "License :: B")], "A, B"),
    ],
)
def test_a_wheels_licence_is_found_where_wheels_have_it(lines: list[tuple[str, str]], wanted: str) -> None:
    metadata = Message()
    for name, value in lines:
        metadata[name] = value
    assert licence(Wheel(Path("a"), "a", "1", frozenset(), metadata)) == wanted
