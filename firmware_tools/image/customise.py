"""The official Raspberry Pi OS as the image of one device: daemon, model, identity and Wi-Fi are put into it off-line.

The image is checked first, by its SHA-256 and by its layout; nothing needs root; the same inputs make the same bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.files import sha256_of
from firmware_tools.errors import MistakeError
from firmware_tools.identity.delivery import CERTIFICATE, delivered
from firmware_tools.identity.files import read
from firmware_tools.image import ext4, fat
from firmware_tools.image.cloud_init_settings import SystemSettings, host_name
from firmware_tools.image.customise_system import System, system_of
from firmware_tools.image.customise_work import workplace
from firmware_tools.image.ext4_tree import Tree, write_tree
from firmware_tools.image.image_files import ImageFiles, names_for, publish_image
from firmware_tools.image.layout_grow import make_room
from firmware_tools.image.layout_official import Official, look
from firmware_tools.image.payload import Payload, models_in, stage
from firmware_tools.image.sbom import Part
from firmware_tools.image.sbom_debian import debian_parts
from firmware_tools.image.sbom_wheels import model_part, wheel_part
from firmware_tools.image.unpacking import unpack
from firmware_tools.image.wheels_fetch import Sources, gather
from firmware_tools.image.wheels_needs import refuse_lacking

DISK, ROOT = "disk.img", "root"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What is to be made.

    Attributes:
        image: the official one, packed or not.
        sha256: of it.
        fleet: folder of the fleet.
        device: its name.
        settings: of the operating system.
        wheels: where they come from.
        models: beside those of the fleet.
        releases: repository whose root the device is to believe; None: no updates.
    """

    image: Path
    sha256: str
    fleet: Path
    device: str
    settings: SystemSettings
    wheels: Sources
    models: tuple[Path, ...]
    releases: Path | None


def customise(order: Order, out: Path, say: Say) -> ImageFiles:
    """Make the image of a device, with its block map and its bill of materials beside it.

    Args:
        order: what is to be made.
        out: the new file: .img, .img.zst or .img.xz.
        say: is told of each step.

    Raises:
        MistakeError: something must be mended first; nothing was made.
        FirmwareError: something failed; nothing was made.
    """
    names = names_for(out)
    given = delivered(order.fleet, order.device)
    with workplace(out) as work:
        say(f"checking {order.image.name}")
        unpack(order.image, order.sha256, work / DISK)
        found = look(work / DISK)
        say(f"{found.title}, Python {found.target.version}: gathering wheels")
        wheels = gather(order.wheels, found.target, work)
        models = models_in(order.fleet / "models", order.models)
        payload = Payload(wheels, given, models, order.releases / "root.json" if order.releases else None)
        time_s = _time(found, payload)
        say(f"writing {len(wheels)} wheels, {len(models)} models, the identity and settings of {order.device}")
        _write(found, payload, order, work, time_s)
        say("making the block map and the bill of materials")
        return publish_image(work / DISK, names, _subject(order), _parts(found, payload), time_s)


def _write(found: Official, payload: Payload, order: Order, work: Path, time_s: int) -> None:
    """Everything into the image, which is whole again afterwards."""
    root = work / ROOT
    root.mkdir(mode=0o755)
    stage(payload, root, found.target)
    refuse_lacking(root, found.root, work / "asked")
    system = system_of(order.settings, host_name(order.settings, order.device), found, work)
    system.stage(root)
    tree = Tree(root, system.owners)
    needed, count = _weight(tree, ext4.superblock(found.root).block_bytes)
    grown = make_room(found, needed, count, work, time_s)
    write_tree(grown.root, tree, work, time_s)
    ext4.check(grown.root)
    fat.write(grown.boot, _boot_files(found, system), work, time_s)
    fat.check(grown.boot, work)


def _boot_files(found: Official, system: System) -> dict[str, bytes]:
    line = " ".join([found.cmdline, *(word for word in system.cmdline if word not in found.cmdline.split())])
    return {**system.boot, **({"cmdline.txt": f"{line}\n".encode()} if line != found.cmdline else {})}


def _weight(tree: Tree, block: int) -> tuple[int, int]:
    """How many bytes and inodes a tree takes: each file whole blocks, each folder and link one."""
    sizes = [path.lstat().st_size if path.is_file() and not path.is_symlink() else 0 for _, path in tree.walk()]
    return sum((-(-size // block) + 1) * block for size in sizes), len(sizes)


def _time(found: Official, payload: Payload) -> int:
    """The time that everything new bears: when the image was made, or the device's certificate, which is later."""
    from cryptography import x509  # noqa: PLC0415 - of the extra `firmware`

    path = next(file.source for file in payload.delivered if file.place.endswith(Path(CERTIFICATE).name))
    try:
        certificate = x509.load_pem_x509_certificate(read(path))
    except ValueError as error:
        raise MistakeError(f"{path} is no certificate; give the device a new key: provision rotate") from error
    return max(found.made_s, int(certificate.not_valid_before_utc.timestamp())) // 2 * 2  # FAT counts in steps of 2 s


def _subject(order: Order) -> Part:
    return Part("firmware", f"foresight-{order.device}", "", "", "", "")


def _parts(found: Official, payload: Payload) -> list[Part]:
    system = Part("operating-system", "Raspberry Pi OS", found.release, "", "", "")
    models = [model_part(path) for path in payload.models]
    wheels = [wheel_part(wheel) for wheel in payload.wheels]
    config = [Part("file", "foresight.yaml", "", "", "", sha256_of(file.source)) for file in payload.delivered[:1]]
    return [system, *wheels, *models, *config, *debian_parts(found.status, "debian", found.release)]
