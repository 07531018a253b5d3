"""An A/B image for one device, or a bundle for all devices of a board: from an order to files under their names."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_tools.boards.catalogue import board
from firmware_tools.errors import MistakeError
from firmware_tools.identity.delivery import CERTIFICATE, MODELS_FOLDER, delivered
from firmware_tools.identity.files import read
from firmware_tools.identity.inventory import member, read_inventory
from firmware_tools.identity.records import Device
from firmware_tools.image.ab.bundle import Images, Signer, wrap_bundle, write_bundle
from firmware_tools.image.ab.data import data_tree
from firmware_tools.image.ab.disk import Sizes, write_image
from firmware_tools.image.ab.entries import Entry, Kind, Tree, put
from firmware_tools.image.ab.generated import generate
from firmware_tools.image.ab.keys import keyring
from firmware_tools.image.ab.made import TARGETS, Slot, daemon_tree, make_slot
from firmware_tools.image.ab.pool import Pool, read_pool
from firmware_tools.image.ab.system import Identity
from firmware_tools.image.customise_work import publish, refuse_present, workplace
from firmware_tools.image.image_files import ImageFiles, names_for, publish_image
from firmware_tools.image.payload import LARGEST_MODEL_BYTES, TRUST_ROOT, models_in
from firmware_tools.image.sbom import Part, write_sbom
from firmware_tools.image.sbom_debian import debian_parts
from firmware_tools.image.sbom_wheels import model_part, wheel_part
from firmware_tools.image.wheel import Wheel
from firmware_tools.image.wheels_fetch import Sources, gather

Say = Callable[[str], None]
DPKG_STATUS = "var/lib/dpkg/status"


@dataclass(frozen=True)
class SystemInputs:
    """What systems are made of, whichever device gets them.

    Attributes:
        packages: folder that `image packages` filled.
        wheels: where the daemon comes from.
        version: that the system bears, as the release of its bundle.
        base: where the unpacked Debian is kept between makings; None: it is made anew.
    """

    packages: Path
    wheels: Sources
    version: str
    base: Path | None


@dataclass(frozen=True)
class DeviceInputs:
    """What is the device's own in an image.

    Attributes:
        fleet: folder of the fleet.
        name: its own.
        keyring: certificate of the authority whose bundles it takes.
        models: beside those of the fleet.
        releases: repository whose root it believes; None: no updates.
        wifi: a configuration for wpa_supplicant; None: it has a cable.
        sizes: of its partitions.
    """

    fleet: Path
    name: str
    keyring: Path
    models: tuple[Path, ...]
    releases: Path | None
    wifi: Path | None
    sizes: Sizes


def make_image(inputs: SystemInputs, device: DeviceInputs, out: Path, say: Say) -> ImageFiles:
    """Make the image of a device, with its block map and its bill of materials beside it.

    Raises:
        MistakeError: something must be mended first; nothing was made.
        FirmwareError: something failed; nothing was made.
    """
    names = names_for(out)
    models = models_in(device.fleet / "models", device.models)
    given = given_tree(device, models)
    wifi = read(device.wifi) if device.wifi else b""
    identity = Identity(_board_of(device), inputs.version, keyring(device.keyring))
    with workplace(out) as work:
        pool, wheels, slot = _slot(inputs, identity, work, say)
        say(f"writing the image of {device.name}")
        disk = work / "disk.img"
        born_s = max(slot.epoch_s, _born_s(device))
        write_image(disk, slot, data_tree(given, wifi, born_s), device.sizes, work)
        say("making the block map and the bill of materials")
        subject = Part("firmware", f"foresight-{device.name}", inputs.version, "", "", "")
        parts = [*_parts(pool, wheels, slot), *(model_part(path) for path in models)]
        return publish_image(disk, names, subject, parts, slot.epoch_s)


def make_bundle(inputs: SystemInputs, board_name: str, signer: Signer, out: Path, say: Say) -> None:
    """Make a bundle for all devices of a board, with its bill of materials beside it.

    Raises:
        MistakeError: something must be mended first; nothing was made.
        FirmwareError: something failed; nothing was made.
    """
    _refuse_name(out)
    sbom = out.with_name(f"{out.name}.cdx.json")
    refuse_present(sbom)
    identity = Identity(_ab_board(board_name), inputs.version, keyring(signer.key.authority))
    with workplace(out) as work:
        pool, wheels, slot = _slot(inputs, identity, work, say)
        say("packing and signing the bundle")
        write_bundle(work / "made.raucb", slot, identity, signer, work)
        subject = Part("firmware", f"foresight-{board_name}", inputs.version, "", "", "")
        write_sbom(work / "sbom", subject, _parts(pool, wheels, slot), slot.epoch_s)
        publish(((work / "sbom", sbom), (work / "made.raucb", out)))


def make_bundle_of(images: Images, board_name: str, version: str, signer: Signer, out: Path) -> None:
    """Make a bundle of file systems that are there. Raises MistakeError, FirmwareError; nothing was made."""
    _refuse_name(out)
    with workplace(out) as work:
        wrap_bundle(work / "made.raucb", images, _ab_board(board_name), version, signer, work)
        publish(((work / "made.raucb", out),))


def make_source(inputs: SystemInputs, device: DeviceInputs, out: Path, say: Say) -> None:
    """Write a source tree for rpi-image-gen. Raises MistakeError, FirmwareError."""
    models = models_in(device.fleet / "models", device.models)
    identity = Identity(_board_of(device), inputs.version, keyring(device.keyring))
    with tempfile.TemporaryDirectory() as folder:
        target = TARGETS["trixie"]
        wheels = gather(inputs.wheels, target, Path(folder))
        say(f"writing {len(wheels)} wheels and what {device.name} is given")
        daemon = daemon_tree(wheels, Path(folder) / "daemon", target)
        sizes = (device.sizes.system_mib, device.sizes.data_mib)
        generate(out, device.name, identity, daemon, given_tree(device, models), sizes)


def _refuse_name(out: Path) -> None:
    if out.suffix != ".raucb":
        raise MistakeError(f"{out.name} must end with .raucb")


def given_tree(device: DeviceInputs, models: tuple[Path, ...]) -> Tree:
    """What one device is given, where it lies on it. Raises MistakeError."""
    tree: Tree = {}
    for file in delivered(device.fleet, device.name):
        put(tree, file.place, Entry(Kind.FILE, file.mode, read(file.source)))
    for model in models:
        put(tree, f"{MODELS_FOLDER}/{model.name}", Entry(Kind.FILE, 0o644, read(model, LARGEST_MODEL_BYTES)))
    if device.releases is not None:
        put(tree, TRUST_ROOT, Entry(Kind.FILE, 0o644, read(device.releases / "root.json")))
    return tree


def _slot(inputs: SystemInputs, identity: Identity, work: Path, say: Say) -> tuple[Pool, tuple[Wheel, ...], Slot]:
    say(f"checking the packages in {inputs.packages}")
    pool = read_pool(inputs.packages)
    if pool.suite not in TARGETS:
        raise MistakeError(f"{inputs.packages} holds Debian {pool.suite}; systems are made of {' or '.join(TARGETS)}")
    wheels = gather(inputs.wheels, TARGETS[pool.suite], work)
    say(f"making system {identity.version} for {identity.board}: {len(pool.packages)} packages, {len(wheels)} wheels")
    return pool, wheels, make_slot(pool, wheels, identity, work, inputs.base)


def _board_of(device: DeviceInputs) -> str:
    found = member(read_inventory(device.fleet), device.name)
    if not isinstance(found, Device):
        raise MistakeError(f"{device.name} is a host, no device; `provision list` shows who is in the fleet")
    return _ab_board(found.board)


def _ab_board(name: str) -> str:
    known = board(name)
    if not known.tryboot:
        raise MistakeError(f"the firmware of the {known.title} knows no trial of a system; it can have no A/B image")
    return known.name


def _born_s(device: DeviceInputs) -> int:
    """When the device's certificate was made: before that its clock cannot be right."""
    from cryptography import x509  # noqa: PLC0415 - of the extra `firmware`

    path = next(
        file.source for file in delivered(device.fleet, device.name) if file.place.endswith(Path(CERTIFICATE).name)
    )
    try:
        return int(x509.load_pem_x509_certificate(read(path)).not_valid_before_utc.timestamp())
    except ValueError as error:
        raise MistakeError(f"{path} is no certificate; give the device a new key: provision rotate") from error


def _parts(pool: Pool, wheels: tuple[Wheel, ...], slot: Slot) -> list[Part]:
    system = Part("operating-system", "Debian", pool.suite, "", "", "")
    installed = debian_parts(slot.system[DPKG_STATUS].data, "debian", pool.suite)
    unpacked = [
        Part("library", one.name, one.version, f"pkg:deb/debian/{one.name}@{one.version}?arch=arm64", "", one.sha256)
        for one in (pool.packages[name] for name in unpacked_names(pool))
    ]
    return [system, *(wheel_part(wheel) for wheel in wheels), *installed, *unpacked]


def unpacked_names(pool: Pool) -> list[str]:
    """Packages whose files are taken without dpkg knowing them."""
    return sorted(name for name in pool.packages if name.startswith(("linux-image-", "raspi-firmware", "busybox-")))


def cache() -> Path:
    """Where the unpacked Debian is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foresight" / "systems"
