"""Small packages, kernels and systems, of which A/B images are made in a second."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from firmware_tools.image.ab.entries import Entry, Kind, Tree, put, text
from firmware_tools.image.ab.kernel import Kernel
from firmware_tools.image.ab.made import Slot
from firmware_tools.image.ab.rauc import SYSTEM_CONF, system_conf

RELEASE = "6.12.1-arm64"
EPOCH_S = 1_700_000_000
LISTS = ("etc/passwd", "etc/group", "etc/shadow", "etc/gshadow")


def debian_package(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """A package of nothing but files, made by dpkg-deb."""
    home = folder / f"{name}.files"
    control = home / "DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        f"Package: {name}\nVersion: 1.0\nArchitecture: arm64\nMaintainer: nobody <no@body>\nDescription: test\n"
    )
    for path, data in files.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_bytes(data)
    package = folder / f"{name}_1.0_arm64.deb"
    command: list[str | Path] = ["dpkg-deb", "--root-owner-group", "-b", home, package]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return package


def kernel(modules: Mapping[str, bytes], needs: Mapping[str, str], built_in: str = "") -> Kernel:
    """A kernel of modules by their path below kernel/, and which needs which."""
    home = f"usr/lib/modules/{RELEASE}"
    tree: Tree = {}
    for path, data in modules.items():
        put(tree, f"{home}/kernel/{path}", Entry(Kind.FILE, 0o644, data))
    lines = "".join(f"kernel/{path}: {needs.get(path, '')}".rstrip() + "\n" for path in modules)
    put(tree, f"{home}/modules.dep", text(lines))
    put(tree, f"{home}/modules.builtin", text(built_in))
    return Kernel(RELEASE, b"image", {"board.dtb": b"tree"}, tree)


def debian() -> Tree:
    """As much of a Debian as ours is laid over."""
    tree: Tree = {}
    for path in LISTS:
        put(tree, path, text("root:x:0:0::/root:/bin/sh\n"))
    put(tree, "usr/lib/os-release", text('ID=debian\nVERSION_CODENAME="trixie"\n'))
    put(tree, "etc/systemd/system/timers.target.wants/e2scrub_all.timer", text(""))
    return tree


def slot(board: str, size: int = 2000) -> Slot:
    """A system and its boot partition, of which nothing starts."""
    system: Tree = {}
    put(system, SYSTEM_CONF, text(system_conf(board)))
    put(system, "etc/shadow", Entry(Kind.FILE, 0o640, b"root:!*:20000::::::\n", gid=42))
    put(system, "usr/share/data", Entry(Kind.FILE, 0o644, bytes(range(256)) * size))
    boot: Tree = {}
    put(boot, "cmdline.txt", text("quiet root=PARTLABEL=system_a rauc.slot=A ro\n"))
    put(boot, "overlays/one.dtbo", text("overlay"))
    bootconfig: Tree = {}
    put(bootconfig, "autoboot.txt", text("[all]\n"))
    return Slot(system, boot, bootconfig, EPOCH_S, "00ff")
