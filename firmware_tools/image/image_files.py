"""An image and what lies beside it: its block map and its bill of materials, all three published together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.image.customise_work import publish, refuse_present
from firmware_tools.image.mapping import write_bmap
from firmware_tools.image.packing import pack, plain_name, suffix_of
from firmware_tools.image.sbom import Part, write_sbom


@dataclass(frozen=True)
class ImageNames:
    """Where they are to be."""

    image: Path
    bmap: Path
    sbom: Path


@dataclass(frozen=True)
class ImageFiles(ImageNames):
    """Where they are, and how much of the image is to be written to a card."""

    mapped_bytes: int


def names_for(out: Path) -> ImageNames:
    """By the image's own name. Raises MistakeError: it has no ending of an image, or one of the others is there."""
    suffix_of(out)
    plain = plain_name(out)
    names = ImageNames(out, plain.with_name(f"{plain.name}.bmap"), plain.with_name(f"{plain.name}.cdx.json"))
    refuse_present(names.bmap)
    refuse_present(names.sbom)
    return names


def publish_image(disk: Path, names: ImageNames, subject: Part, parts: Sequence[Part], time_s: int) -> ImageFiles:
    """Make what lies beside an image, pack it, and put all under their names.

    Args:
        disk: the image, plain, in a folder of its own to work in.
        names: where they are to be.
        subject: what the bill of materials is of.
        parts: what is in it.
        time_s: that the bill bears.

    Raises:
        MistakeError: one is there by now.
        FirmwareError: the block map cannot be written, or packing fails.
        OSError: the disk fails.
    """
    bmap, sbom = disk.with_name("bmap"), disk.with_name("sbom")
    mapped = write_bmap(disk, bmap)
    write_sbom(sbom, subject, parts, time_s)
    kept = pack(disk, suffix_of(names.image))
    publish(((bmap, names.bmap), (sbom, names.sbom), (kept, names.image)))
    return ImageFiles(names.image, names.bmap, names.sbom, mapped)
