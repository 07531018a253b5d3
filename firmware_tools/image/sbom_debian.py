"""The packages of a Debian system, from /var/lib/dpkg/status, which comes from an image and so from outside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from firmware_tools.image.sbom import Part

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Package:
    """An installed package."""

    name: str
    version: str
    architecture: str


def packages(status: bytes) -> Mapping[str, Package]:
    """What is installed, by name (of one that is there for several architectures: the last)."""
    found = {}
    for paragraph in status.decode(errors="replace").split("\n\n"):
        fields = dict(_FIELD.findall(paragraph))
        name, version = fields.get("Package", ""), fields.get("Version", "")
        if name and version and fields.get("Status", "").endswith(" installed"):
            found[name] = Package(name, version, fields.get("Architecture", ""))
    return found


def debian_parts(status: bytes, distribution: str, release: str) -> tuple[Part, ...]:
    """The installed packages as parts of a bill.

    Args:
        status: /var/lib/dpkg/status.
        distribution: `debian`, or as /etc/os-release has it.
        release: its code name, `trixie`.
    """
    return tuple(
        Part("library", package.name, package.version, _purl(package, distribution, release), "", "")
        for package in packages(status).values()
    )


def _purl(package: Package, distribution: str, release: str) -> str:
    told = f"arch={quote(package.architecture)}&distro={quote(release)}"
    return f"pkg:deb/{quote(distribution)}/{quote(package.name)}@{quote(package.version, safe='')}?{told}"
