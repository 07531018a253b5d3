"""The daemon of a customised image starts: a stand-in of Debian packages, its root entered with arm64 emulated."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_tools.image.customise import customise
from firmware_tools.image.layout import read_table
from firmware_tools.image.wheels_fetch import Sources
from tests.programs import absent, program
from tests.rigs.customised import desk, of_another, order
from tests.rigs.official import Sizes
from tests.rigs.official_debian import root_tar, standin

EMULATED = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
CHECK = (
    "set -a; . /etc/foresight/environment; FORESIGHT_IDENTITY=/etc/foresight/identity; "
    "exec /opt/foresight/bin/foresight check /etc/foresight/foresight.yaml"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system of a customised stand-in, taken out of its image."""
    if os.geteuid() != 0 or not EMULATED.exists():
        absent("needs root, and binfmt_misc with qemu-user-static")
    folder = desk(tmp_path_factory.mktemp("starts"))
    image = standin(folder / "debian.img", root_tar(), Sizes(boot=128, root=900), used_mib=0)
    asked = replace(of_another(order(folder), image), wheels=Sources(None, None))
    made = customise(asked, folder / "shed.img", lambda _: None)
    out, start = folder / "out", read_table(made.image).partitions[1].start
    out.mkdir()
    subprocess.run(
        [program("debugfs"), "-R", f"rdump / {out}", f"{made.image}?offset={start}"], check=True, timeout=600
    )
    (out / "dev" / "null").touch()
    return out


def inside(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["chroot", str(root), *command], capture_output=True, text=True, timeout=1800, check=False)


@pytest.mark.long
def test_the_launcher_runs(root: Path) -> None:
    said = inside(root, "/opt/foresight/bin/foresight", "--version")
    assert (said.returncode, said.stdout.split()[0]) == (0, "foresight"), said.stderr


@pytest.mark.long
def test_every_compiled_wheel_loads(root: Path) -> None:
    code = "import cv2, lap, numpy, pydantic_core, yaml, ai_edge_litert.interpreter; print(cv2.__file__)"
    said = inside(root, "/opt/foresight/bin/python", "-c", code)
    assert said.stdout.startswith("/opt/foresight/lib/python3.13/site-packages/"), said.stderr


@pytest.mark.long
def test_its_configuration_is_one_that_the_daemon_takes(root: Path) -> None:
    said = inside(root, "sh", "-c", CHECK)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.long
def test_systemd_would_start_it(root: Path) -> None:
    said = inside(root, "systemctl", "--root=/", "is-enabled", "foresight.service")
    assert said.stdout == "enabled\n", said.stderr
    assert oct((root / "etc/foresight/identity/device.key").stat().st_mode) == "0o100600"
    assert (root / "etc/foresight/identity/device.key").stat().st_uid == 0
