"""`foresight-firmware image ...`: images that boot into the running daemon."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Image = Annotated[Path, typer.Argument(help="The official Raspberry Pi OS Lite (64-bit): .img, .img.xz, .zst or .gz")]
Fleet = Annotated[Path, typer.Option("--fleet", help="The fleet's folder")]
Device = Annotated[str, typer.Option("--device", help="Which device of the fleet the image is for")]
Out = Annotated[Path, typer.Option("--out", "-o", help="The new file: .img, .img.zst or .img.xz")]
Sha256 = Annotated[
    str, typer.Option("--sha256", help="What the image's download page says, of the file or its content")
]
Sha256File = Annotated[Path | None, typer.Option("--sha256-file", help="The same, as `sha256sum` writes it")]
Settings = Annotated[Path | None, typer.Option("--settings", help="YAML: hostname, timezone, ssh, users, wifi")]
Wheels = Annotated[Path | None, typer.Option("--wheels", help="Folder of wheels; nothing is fetched then")]
Wheel = Annotated[Path | None, typer.Option("--wheel", help="This project's wheel, instead of one built or fetched")]
Models = Annotated[list[Path] | None, typer.Option("--model", help="A model beside those of the fleet; several")]
Releases = Annotated[Path | None, typer.Option("--releases", help="Repository of releases that the device believes")]
OutAb = Annotated[Path | None, typer.Option("--out", "-o", help="The new file: .img, .img.zst or .img.xz")]
Packages = Annotated[Path | None, typer.Option("--packages", help="Debian packages, of `image packages`")]
Version = Annotated[str, typer.Option("--version", help="Version that the system bears, as 1.4.0")]
Keys = Annotated[Path, typer.Option("--keys", help="Folder of `image keys`: who signs systems")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Unpack Debian anew, where it was kept from the last time")]

app = typer.Typer(help="Images that boot into the running daemon.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _image() -> None:
    """Images that boot into the running daemon."""
    # Ended from outside is ended as by Ctrl-C: what was begun is removed.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(128 + signal.SIGTERM))


@app.command()
def customise(  # noqa: PLR0913, PLR0917 - a command has as many options as its users need
    image: Image,
    fleet: Fleet,
    device: Device,
    out: Out,
    sha256: Sha256 = "",
    sha256_file: Sha256File = None,
    settings: Settings = None,
    wheels: Wheels = None,
    wheel: Wheel = None,
    model: Models = None,
    releases: Releases = None,
) -> None:
    """Make the image of one device from the official one: daemon, models, identity, Wi-Fi and users are put into it."""
    from firmware_tools.image import customise as making  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.image.cloud_init_settings import SystemSettings, read_settings  # noqa: PLC0415
    from firmware_tools.image.unpacking import wanted_sha256  # noqa: PLC0415
    from firmware_tools.image.wheels_fetch import Sources  # noqa: PLC0415

    wanted = wanted_sha256(sha256, sha256_file, image)
    system = read_settings(settings) if settings else SystemSettings()
    sources = Sources(wheels, wheel)
    order = making.Order(image, wanted, fleet, device, system, sources, tuple(model or ()), releases)
    console = Console(stderr=True, emoji=False)
    made = making.customise(order, out, lambda text: console.print(text, markup=False, highlight=False))
    text = (
        f"{made.image} is made ({made.mapped_bytes >> 20} MiB to write). It holds the key of {device}: keep it private"
    )
    console.print(text, markup=False, highlight=False)
    if not system.users:
        console.print("nobody can log in: --settings names users", markup=False, highlight=False)


@app.command()
def packages(
    folder: Annotated[Path, typer.Argument(help="New folder for the packages")],
    *,
    suite: Annotated[str, typer.Option(help="Of Debian: trixie or bookworm")] = "trixie",
    mirror: Annotated[str, typer.Option(help="Of Debian; one of snapshot.debian.org for older packages")] = "",
    security: Annotated[str, typer.Option(help="Mirror of its security updates; `none` for none")] = "",
) -> None:
    """Fetch the Debian packages that A/B systems are made of, and write down which they are."""
    from firmware_tools.image.ab.pool import MIRROR, SECURITY, fetch  # noqa: PLC0415 - commands load what they need

    secure = "" if security == "none" else security or SECURITY
    pool = fetch(folder, suite, mirror or MIRROR, secure)
    _say(f"{len(pool.packages)} packages of Debian {suite} are in {folder}: keep it, the same systems come of it")


@app.command()
def keys(
    folder: Annotated[Path, typer.Argument(help="New folder for the keys; it belongs on a medium of its own")],
    *,
    fleet: Annotated[str, typer.Option(help="Name of the fleet")] = "foresight",
    plain_keys: Annotated[bool, typer.Option("--plain-keys", help="Do not encrypt the key files (mode 0600)")] = False,
) -> None:
    """Make the keys that sign A/B systems: an authority, and a signer under it."""
    from datetime import UTC, datetime  # noqa: PLC0415 - commands load only what they need

    from firmware_tools.image.ab.keys import make_keys  # noqa: PLC0415
    from firmware_tools.release.passphrases import chosen  # noqa: PLC0415

    made = make_keys(folder, fleet, chosen(plain_keys), datetime.now(UTC).replace(microsecond=0))
    _say(f"{folder} holds the keys of systems: keep it off line; images are given {made.authority.name}")


@app.command()
def ab(  # noqa: PLR0913, PLR0917 - a command has as many options as its users need
    fleet: Fleet,
    device: Device,
    version: Version,
    keyring: Annotated[Path, typer.Option("--keyring", help="update-authority.crt of `image keys`")],
    out: OutAb = None,
    packages: Packages = None,
    rpi_image_gen: Annotated[Path | None, typer.Option(help="Write a source tree for rpi-image-gen instead")] = None,
    wheels: Wheels = None,
    wheel: Wheel = None,
    model: Models = None,
    releases: Releases = None,
    wifi: Annotated[Path | None, typer.Option("--wifi", help="Configuration for wpa_supplicant")] = None,
    system_mib: Annotated[int, typer.Option("--system-mib", help="Size of each system's partition", min=512)] = 1024,
    data_mib: Annotated[int, typer.Option("--data-mib", help="Size of the partition that is kept", min=64)] = 1024,
    fresh: Fresh = False,
) -> None:
    """Make the image of one device with two systems, of which one runs and the other is renewed."""
    from firmware_tools.errors import MistakeError  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.image.ab import making  # noqa: PLC0415
    from firmware_tools.image.ab.disk import Sizes  # noqa: PLC0415
    from firmware_tools.image.wheels_fetch import Sources  # noqa: PLC0415

    sizes, base = Sizes(system_mib, data_mib), None if fresh else making.cache()
    to = making.DeviceInputs(fleet, device, keyring, tuple(model or ()), releases, wifi, sizes)
    if rpi_image_gen is not None:
        making.make_source(making.SystemInputs(Path(), Sources(wheels, wheel), version, base), to, rpi_image_gen, _say)
        _say(f"{rpi_image_gen} is a source tree for rpi-image-gen, which has never built it: read its README.md")
        return
    if out is None or packages is None:
        raise MistakeError("say what the image is to be called (--out) and what it is made of (--packages)")
    systems = making.SystemInputs(packages, Sources(wheels, wheel), version, base)
    made = making.make_image(systems, to, out, _say)
    _say(
        f"{made.image} is made ({made.mapped_bytes >> 20} MiB to write). It holds the key of {device}: keep it private"
    )


@app.command()
def bundle(  # noqa: PLR0913, PLR0917 - a command has as many options as its users need
    out: Annotated[Path, typer.Option("--out", "-o", help="The new file: .raucb")],
    board: Annotated[str, typer.Option("--board", help="Which boards it is for: pi4, ...")],
    version: Version,
    keys: Keys,
    packages: Packages = None,
    system: Annotated[Path | None, typer.Option("--system", help="Wrap this root file system, with --boot")] = None,
    boot: Annotated[Path | None, typer.Option("--boot", help="Wrap this boot partition, with --system")] = None,
    wheels: Wheels = None,
    wheel: Wheel = None,
    fresh: Fresh = False,
) -> None:
    """Make a signed system for all devices of a board: what `release add` takes and devices install."""
    from firmware_tools.errors import MistakeError  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.image.ab import making  # noqa: PLC0415
    from firmware_tools.image.ab.bundle import Images, Signer  # noqa: PLC0415
    from firmware_tools.image.ab.keys import signing_key  # noqa: PLC0415
    from firmware_tools.image.wheels_fetch import Sources  # noqa: PLC0415

    key = signing_key(keys)
    if system is not None and boot is not None:
        images = Images(system, boot)
        making.make_bundle_of(images, board, version, Signer(key, _passphrase(key.key)), out)
    elif packages is not None and system is None and boot is None:
        systems = making.SystemInputs(packages, Sources(wheels, wheel), version, None if fresh else making.cache())
        making.make_bundle(systems, board, Signer(key, _passphrase(key.key)), out, _say)
    else:
        raise MistakeError("say what the bundle is made of: --packages, or --system and --boot")
    _say(f"{out} is made; now release add ... {out} --board {board} --version {version}")


def _passphrase(path: Path) -> str:
    """Of a key file, asked only where it has one."""
    from firmware_tools.identity.keys import is_protected  # noqa: PLC0415 - commands load only what they need
    from firmware_tools.release.passphrases import asked  # noqa: PLC0415

    return asked(path) if is_protected(path.read_bytes()) else ""


def _say(text: str) -> None:
    Console(stderr=True, emoji=False).print(text, markup=False, highlight=False, soft_wrap=True)
