"""An A/B image for one device, or a bundle for all devices of a board: from an order to files under their names."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
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
from firmware_tools.image.bmap import write_bmap
from firmware_tools.image.customise_work import publish, refuse_present, workplace
from firmware_tools.image.packing import pack, plain_name, suffix_of
from firmware_tools.image.payload import LARGEST_MODEL_BYTES, TRUST_ROOT, models_in
from firmware_tools.image.sbom import Part, write_sbom
from firmware_tools.image.sbom_debian import debian_parts
from firmware_tools.image.sbom_wheels import model_part, wheel_part
from firmware_tools.image.wheel import Wheel
from firmware_tools.image.wheels_fetch import Sources, gather

Say = Callable[[str], None]
DPKG_STATUS = "var/lib/dpkg/status"


@dataclass(frozen=True)
class Systems:
    """What systems are made of, whoever gets them.

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
class Recipient:
    """The device that an image is for.

    Attributes:
        fleet: folder of the fleet.
        device: its name.
        keyring: certificate of the authority whose bundles it takes.
        models: beside those of the fleet.
        releases: repository whose root it believes; None: no updates.
        wifi: a configuration for wpa_supplicant; None: it has a cable.
        sizes: of its partitions.
    """

    fleet: Path
    device: str
    keyring: Path
    models: tuple[Path, ...]
    releases: Path | None
    wifi: Path | None
    sizes: Sizes


@dataclass(frozen=True)
class Made:
    """What was made."""

    image: Path
    bmap: Path
    sbom: Path
    mapped_bytes: int


def make_image(systems: Systems, to: Recipient, out: Path, say: Say) -> Made:
    """Make the image of a device, with its block map and its bill of materials beside it.

    Raises:
        MistakeError: something must be mended first; nothing was made.
        FirmwareError: something failed; nothing was made.
    """
    suffix, plain = suffix_of(out), plain_name(out)
    named = Made(out, plain.with_name(f"{plain.name}.bmap"), plain.with_name(f"{plain.name}.cdx.json"), 0)
    refuse_present(named.bmap)
    refuse_present(named.sbom)
    models = models_in(to.fleet / "models", to.models)
    given = given_tree(to, models)
    wifi = read(to.wifi) if to.wifi else b""
    identity = Identity(_board_of(to), systems.version, keyring(to.keyring))
    with workplace(out) as work:
        pool, wheels, slot = _slot(systems, identity, work, say)
        say(f"writing the image of {to.device}")
        disk = work / "disk.img"
        born_s = max(slot.epoch_s, _born_s(to))
        write_image(disk, slot, data_tree(given, wifi, born_s), to.sizes, work)
        say("making the block map and the bill of materials")
        mapped = write_bmap(disk, work / "bmap")
        subject = Part("firmware", f"foresight-{to.device}", systems.version, "", "", "")
        parts = [*_parts(pool, wheels, slot), *(model_part(path) for path in models)]
        write_sbom(work / "sbom", subject, parts, slot.epoch_s)
        kept = pack(disk, suffix)
        publish(((work / "bmap", named.bmap), (work / "sbom", named.sbom), (kept, out)))
    return replace(named, mapped_bytes=mapped)


def make_bundle(systems: Systems, board_name: str, signer: Signer, out: Path, say: Say) -> None:
    """Make a bundle for all devices of a board, with its bill of materials beside it.

    Raises:
        MistakeError: something must be mended first; nothing was made.
        FirmwareError: something failed; nothing was made.
    """
    _refuse_name(out)
    sbom = out.with_name(f"{out.name}.cdx.json")
    refuse_present(sbom)
    identity = Identity(_ab_board(board_name), systems.version, keyring(signer.key.authority))
    with workplace(out) as work:
        pool, wheels, slot = _slot(systems, identity, work, say)
        say("packing and signing the bundle")
        write_bundle(work / "made.raucb", slot, identity, signer, work)
        subject = Part("firmware", f"foresight-{board_name}", systems.version, "", "", "")
        write_sbom(work / "sbom", subject, _parts(pool, wheels, slot), slot.epoch_s)
        publish(((work / "sbom", sbom), (work / "made.raucb", out)))


def make_bundle_of(images: Images, board_name: str, version: str, signer: Signer, out: Path) -> None:
    """Make a bundle of file systems that are there. Raises MistakeError, FirmwareError; nothing was made."""
    _refuse_name(out)
    with workplace(out) as work:
        wrap_bundle(work / "made.raucb", images, _ab_board(board_name), version, signer, work)
        publish(((work / "made.raucb", out),))


def make_source(systems: Systems, to: Recipient, out: Path, say: Say) -> None:
    """Write a source tree for rpi-image-gen. Raises MistakeError, FirmwareError."""
    models = models_in(to.fleet / "models", to.models)
    identity = Identity(_board_of(to), systems.version, keyring(to.keyring))
    with tempfile.TemporaryDirectory() as folder:
        target = TARGETS["trixie"]
        wheels = gather(systems.wheels, target, Path(folder))
        say(f"writing {len(wheels)} wheels and what {to.device} is given")
        daemon = daemon_tree(wheels, Path(folder) / "daemon", target)
        sizes = (to.sizes.system_mib, to.sizes.data_mib)
        generate(out, to.device, identity, daemon, given_tree(to, models), sizes)


def _refuse_name(out: Path) -> None:
    if out.suffix != ".raucb":
        raise MistakeError(f"{out.name} must end with .raucb")


def given_tree(to: Recipient, models: tuple[Path, ...]) -> Tree:
    """What one device is given, where it lies on it. Raises MistakeError."""
    tree: Tree = {}
    for file in delivered(to.fleet, to.device):
        put(tree, file.place, Entry(Kind.FILE, file.mode, read(file.source)))
    for model in models:
        put(tree, f"{MODELS_FOLDER}/{model.name}", Entry(Kind.FILE, 0o644, read(model, LARGEST_MODEL_BYTES)))
    if to.releases is not None:
        put(tree, TRUST_ROOT, Entry(Kind.FILE, 0o644, read(to.releases / "root.json")))
    return tree


def _slot(systems: Systems, identity: Identity, work: Path, say: Say) -> tuple[Pool, tuple[Wheel, ...], Slot]:
    say(f"checking the packages in {systems.packages}")
    pool = read_pool(systems.packages)
    if pool.suite not in TARGETS:
        raise MistakeError(f"{systems.packages} holds Debian {pool.suite}; systems are made of {' or '.join(TARGETS)}")
    wheels = gather(systems.wheels, TARGETS[pool.suite], work)
    say(f"making system {identity.version} for {identity.board}: {len(pool.packages)} packages, {len(wheels)} wheels")
    return pool, wheels, make_slot(pool, wheels, identity, work, systems.base)


def _board_of(to: Recipient) -> str:
    found = member(read_inventory(to.fleet), to.device)
    if not isinstance(found, Device):
        raise MistakeError(f"{to.device} is a host, no device; `provision list` shows who is in the fleet")
    return _ab_board(found.board)


def _ab_board(name: str) -> str:
    known = board(name)
    if not known.tryboot:
        raise MistakeError(f"the firmware of the {known.title} knows no trial of a system; it can have no A/B image")
    return known.name


def _born_s(to: Recipient) -> int:
    """When the device's certificate was made: before that its clock cannot be right."""
    from cryptography import x509  # noqa: PLC0415 - of the extra `firmware`

    path = next(file.source for file in delivered(to.fleet, to.device) if file.place.endswith(Path(CERTIFICATE).name))
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
