"""Debian's kernel for arm64, from its package: the modules of the system, and what the boot partition holds of it."""

import lzma
import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from firmware_tools.errors import FirmwareError
from firmware_tools.image.ab.entries import Entry, Kind, Tree, put, read_tar
from firmware_tools.image.ab.programs import run

DEVICE_TREES = ("broadcom/", "freescale/imx8mq-phanbell")


@dataclass(frozen=True)
class Kernel:
    """One kernel.

    Attributes:
        release: as `uname -r` says it.
        image: the kernel itself.
        device_trees: by file name.
        modules: below usr/lib/modules, packed as Debian packs them, with depmod's indexes.
    """

    release: str
    image: bytes
    device_trees: dict[str, bytes]
    modules: Tree


def read_kernel(package: Path, work: Path) -> Kernel:
    """The kernel of a package linux-image-*.deb; `work` is an empty folder.

    Raises:
        FirmwareError: the package is none, or a program failed.
    """
    tree = package_tree(package)
    images = [path for path in tree if path.startswith("boot/vmlinuz-")]
    if len(images) != 1:
        raise FirmwareError(f"{package} is no package of a Linux kernel: {len(images)} files boot/vmlinuz-* are in it")
    release = images[0].removeprefix("boot/vmlinuz-")
    beside = f"usr/lib/linux-image-{release}/"
    wanted = tuple(beside + name for name in DEVICE_TREES)
    trees = {path.rsplit("/", 1)[-1]: tree[path].data for path in tree if path.startswith(wanted) and ".dtb" in path}
    home = f"usr/lib/modules/{release}/"
    modules = {path: entry for path, entry in tree.items() if path.startswith(home) and entry.kind is Kind.FILE}
    return Kernel(release, tree[images[0]].data, trees, _indexed(modules, release, work))


def package_tree(package: Path) -> Tree:
    """All files of a Debian package. Raises FirmwareError."""
    try:
        done = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, timeout=300, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise FirmwareError(f"the package {package} cannot be unpacked ({error})") from error
    return read_tar(BytesIO(done.stdout))


def unpacked(kernel: Kernel, names: tuple[str, ...]) -> dict[str, bytes]:
    """Modules and those that they need, decompressed, by their path below the kernel's folder.

    Raises:
        FirmwareError: a name is neither a module of this kernel nor built into it.
    """
    home = f"usr/lib/modules/{kernel.release}/"
    needs = dependencies(kernel)
    by_name = {module_name(path): path for path in needs}
    built_in = {module_name(line) for line in kernel.modules[home + "modules.builtin"].data.decode().split()}
    unknown = sorted(set(names) - set(by_name) - built_in)
    if unknown:
        raise FirmwareError(f"the kernel {kernel.release} has no module {', '.join(unknown)}")
    wanted = {path for name in names if name in by_name for path in (by_name[name], *needs[by_name[name]])}
    return {path.removesuffix(".xz"): _plain(kernel.modules[home + path]) for path in sorted(wanted)}


def dependencies(kernel: Kernel) -> dict[str, list[str]]:
    """Each module's path, and the paths of those that must be loaded before it, the nearest first."""
    lines = kernel.modules[f"usr/lib/modules/{kernel.release}/modules.dep"].data.decode().splitlines()
    return {path: needs.split() for path, _, needs in (line.partition(":") for line in lines)}


def module_name(path: str) -> str:
    """As modprobe calls it: kernel/drivers/block/virtio_blk.ko.xz is virtio_blk."""
    return path.rsplit("/", 1)[-1].split(".ko", maxsplit=1)[0].replace("-", "_")


def _plain(entry: Entry) -> bytes:
    return lzma.decompress(entry.data) if entry.data[:6] == b"\xfd7zXZ\x00" else entry.data


def _indexed(modules: Tree, release: str, work: Path) -> Tree:
    """With depmod's indexes, which the package leaves to the machine that installs it."""
    for path, entry in modules.items():
        place = work / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(entry.data)
    run(["depmod", "-b", work / "usr", release], "the kernel's modules cannot be indexed", limit_s=600)
    whole: Tree = {}
    home = work / "usr/lib/modules" / release
    for index in sorted(home.glob("modules.*")):
        put(whole, str(index.relative_to(work)), Entry(Kind.FILE, 0o644, index.read_bytes()))
    for path, entry in modules.items():
        put(whole, path, entry)
    return whole
