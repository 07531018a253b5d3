"""Bills of materials (CycloneDX 1.6, JSON): what is in an image, with versions, licences and hashes.

The same parts give the same bytes: the serial number is made from them, and the time is given.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from edge import __version__
from firmware_tools.errors import FirmwareError

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component

NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of URLs, RFC 9562
SPACE = "https://foresight/sbom/"


@dataclass(frozen=True)
class Part:
    """Something that an image holds.

    Attributes:
        kind: as CycloneDX calls it: library, machine-learning-model, operating-system, application, firmware, file.
        name: of it.
        version: of it; empty where it has none.
        purl: its package URL; empty where it has none.
        licence: an SPDX expression or in other words; empty where nobody says.
        sha256: of the file that it came as; empty where there is none.
    """

    kind: str
    name: str
    version: str
    purl: str
    licence: str
    sha256: str


def write_sbom(target: Path, subject: Part, parts: Sequence[Part], time_s: int) -> None:
    """Write a bill of materials.

    Args:
        target: the new file.
        subject: what it is about, the image.
        parts: what is in it, in any order; the same twice is once.
        time_s: the time that it bears, seconds since 1970.

    Raises:
        FirmwareError: it cannot be written.
    """
    text = bill(subject, parts, time_s)
    try:
        target.write_text(text)
    except OSError as error:
        raise FirmwareError(f"{target} cannot be written: {error.strerror}") from error


def bill(subject: Part, parts: Iterable[Part], time_s: int) -> str:
    """A bill of materials as JSON."""
    from cyclonedx.output import make_outputter  # noqa: PLC0415 - of the extra `firmware`
    from cyclonedx.schema import OutputFormat, SchemaVersion  # noqa: PLC0415

    bom = _bom(subject, sorted(set(parts), key=_order), time_s)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _bom(subject: Part, parts: list[Part], time_s: int) -> "Bom":
    from cyclonedx.model.bom import Bom  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415

    about = _component(subject)
    components = [_component(part) for part in parts]
    bom = Bom(serial_number=uuid5(NAMESPACE, SPACE + _digest((subject, *parts))), components=components)
    bom.metadata.timestamp = datetime.fromtimestamp(time_s, UTC)
    bom.metadata.component = about
    tool = Component(name="foresight-firmware", version=__version__, type=ComponentType.APPLICATION, bom_ref="tool")
    bom.metadata.tools.components.add(tool)
    bom.register_dependency(about, components)
    return bom


def _component(part: Part) -> "Component":
    from cyclonedx.contrib.license.factories import LicenseFactory  # noqa: PLC0415
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    return Component(
        type=ComponentType(part.kind),
        name=part.name,
        version=part.version or None,
        bom_ref=reference(part),
        purl=PackageURL.from_string(part.purl) if part.purl else None,
        licenses=[LicenseFactory().make_from_string(part.licence)] if part.licence else None,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else None,
    )


def reference(part: Part) -> str:
    """The name by which a bill refers to a part."""
    return part.purl or _digest((part,))[:32]


def _order(part: Part) -> tuple[str, ...]:
    return (part.kind, part.name, part.version, part.purl, part.sha256, part.licence)


def _digest(parts: Sequence[Part]) -> str:
    return hashlib.sha256("\0".join(_fields(parts)).encode()).hexdigest()


def _fields(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        yield from _order(part)
