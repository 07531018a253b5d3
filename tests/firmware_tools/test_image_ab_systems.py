"""What systems are made of: packages, kernels, an initrd, the files of ours, keys, bundles, and the source tree."""

import configparser
import gzip
import hashlib
import json
import lzma
import os
import py_compile
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.ab import initrd, system
from firmware_tools.image.ab.boot import cmdline
from firmware_tools.image.ab.bootstrap import cleaned
from firmware_tools.image.ab.bundle import Images, Signer, wrap_bundle, write_bundle
from firmware_tools.image.ab.compiling import take_unchecked
from firmware_tools.image.ab.data import data_tree
from firmware_tools.image.ab.entries import Entry, Kind, Tree, put, text
from firmware_tools.image.ab.generated import generate
from firmware_tools.image.ab.kernel import read_kernel, unpacked
from firmware_tools.image.ab.keys import keyring, make_keys, signing_key
from firmware_tools.image.ab.layout import CONSOLES
from firmware_tools.image.ab.pool import LOCK, index, read_pool
from firmware_tools.image.ab.rauc import BACKEND, manifest, system_conf
from firmware_tools.image.ab.system import Identity, settle_system
from tests.programs import program
from tests.rigs.ab_systems import EPOCH_S, debian, debian_package, kernel, slot

NOW = datetime(2026, 1, 1, tzinfo=UTC)
IDENTITY = Identity("pi4", "1.2.3", b"keyring")


def asked(bundle: Path, authority: Path) -> subprocess.CompletedProcess[bytes]:
    """What RAUC says of a bundle."""
    command = [program("rauc"), "info", "--output-format=json", f"--keyring={authority}", str(bundle)]
    return subprocess.run(command, check=False, capture_output=True, timeout=60)


def locked(folder: Path, *packages: Path) -> None:
    told = [
        {
            "name": path.name.split("_")[0],
            "version": "1.0",
            "architecture": "arm64",
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in packages
    ]
    (folder / LOCK).write_text(json.dumps({"format": 1, "suite": "trixie", "packages": told}))


def test_a_pool_is_what_its_lock_says(tmp_path: Path) -> None:
    program("dpkg-deb", "dpkg")
    package = debian_package(tmp_path, "small", {"usr/share/small": b"x"})
    locked(tmp_path, package)
    pool, repository = read_pool(tmp_path), tmp_path / "repository"
    repository.mkdir()
    index(pool, repository)
    assert f"SHA256: {pool.packages['small'].sha256}" in (repository / "Packages").read_text()
    package.write_bytes(package.read_bytes() + b"\n")
    with pytest.raises(MistakeError, match="is not the one"):
        read_pool(tmp_path)


@pytest.mark.parametrize("lock", ["", "[]", '{"packages": [{"name": "a"}]}'])
def test_a_lock_that_is_none_is_refused(tmp_path: Path, lock: str) -> None:
    (tmp_path / LOCK).write_text(lock)
    with pytest.raises(MistakeError, match="image packages"):
        read_pool(tmp_path)


def test_a_lock_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "pool").mkdir()
    (tmp_path / "a.deb").write_bytes(b"x")
    entry = {"name": "a", "version": "1", "architecture": "all", "file": "../a.deb"}
    entry["sha256"] = hashlib.sha256(b"x").hexdigest()
    (tmp_path / "pool" / LOCK).write_text(json.dumps({"suite": "trixie", "packages": [entry]}))
    with pytest.raises(MistakeError, match="missing"):
        read_pool(tmp_path / "pool")


def test_a_kernel_comes_out_of_its_package(tmp_path: Path) -> None:
    program("depmod", "kmod")
    home = "usr/lib/modules/6.1-arm64"
    files = {
        "boot/vmlinuz-6.1-arm64": b"image",
        "usr/lib/linux-image-6.1-arm64/broadcom/bcm2711-rpi-4-b.dtb": b"tree",
        "usr/lib/linux-image-6.1-arm64/nvidia/x.dtb": b"other",
        f"{home}/modules.builtin": b"kernel/a.ko\n",
        f"{home}/modules.order": b"",
    }
    found = read_kernel(debian_package(tmp_path, "linux-image-6.1-arm64", files), tmp_path / "work")
    assert (found.release, found.image, list(found.device_trees)) == ("6.1-arm64", b"image", ["bcm2711-rpi-4-b.dtb"])
    assert f"{home}/modules.dep" in found.modules
    with pytest.raises(FirmwareError, match="no package of a Linux kernel"):
        read_kernel(debian_package(tmp_path, "other", {"usr/x": b""}), tmp_path / "work2")


def test_modules_bring_those_that_they_need() -> None:
    packed = lzma.compress(b"block")
    some = kernel(
        {"drivers/virtio_blk.ko.xz": packed, "lib/crc-16.ko": b"crc"},
        {"drivers/virtio_blk.ko.xz": "kernel/lib/crc-16.ko"},
        "kernel/mmc_block.ko\n",
    )
    assert unpacked(some, ("virtio_blk", "mmc_block")) == {
        "kernel/drivers/virtio_blk.ko": b"block",
        "kernel/lib/crc-16.ko": b"crc",
    }
    with pytest.raises(FirmwareError, match="no module nonsense"):
        unpacked(some, ("nonsense",))


def test_the_initrd_is_the_same_twice_and_holds_its_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(initrd, "MODULES", ("virtio_blk",))
    some = kernel({"drivers/virtio_blk.ko": b"block"}, {})
    made = initrd.make_initrd(some, b"busybox")
    assert made == initrd.make_initrd(some, b"busybox")
    archive = gzip.decompress(made)
    assert archive.startswith(b"070701")
    assert b"TRAILER!!!" in archive
    script = Path(initrd.__file__).parent / "files/init"
    subprocess.run(["sh", "-n", script], check=True, timeout=20)
    assert [tool for tool in initrd.TOOLS if tool not in script.read_text()] == []


def test_what_would_differ_the_next_time_is_left_out() -> None:
    tree: Tree = {}
    for path in (
        "var/log/dpkg.log",
        "var/cache/ldconfig/aux-cache",
        "etc/passwd-",
        "var/lib/apt/x",
        "usr/bin/a",
        "tmp/x",
    ):
        put(tree, path, text(""))
    assert [path for path, entry in cleaned(tree).items() if entry.kind is Kind.FILE] == ["usr/bin/a"]


@pytest.mark.parametrize("mode", list(py_compile.PycInvalidationMode))
def test_compiled_python_is_taken_whatever_its_source(tmp_path: Path, mode: py_compile.PycInvalidationMode) -> None:
    source = tmp_path / "lately.py"
    source.write_text("answer = 1\n")
    made = Path(py_compile.compile(str(source), invalidation_mode=mode) or "")
    tree: Tree = {}
    put(tree, "usr/lib/python3/lately.pyc", Entry(Kind.FILE, 0o644, made.read_bytes()))
    take_unchecked(tree)
    made.write_bytes(tree["usr/lib/python3/lately.pyc"].data)
    source.write_text("answer = 2\n")  # by which one sees what was taken
    command = [sys.executable, "-c", "import lately; print(lately.answer)"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    assert said.stdout == "1\n"


def test_a_system_is_ours_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "deployed", lambda name: name.encode())
    tree = debian()
    settle_system(tree, IDENTITY)
    assert tree["etc/machine-id"].data == b""
    assert b"IMAGE_VERSION=1.2.3\n" in tree["usr/lib/os-release"].data
    assert tree[BACKEND].mode == 0o755
    assert b"foresight:x:820:820:" in tree["etc/passwd"].data
    assert "etc/systemd/system/timers.target.wants/e2scrub_all.timer" not in tree
    wanted = [path for path in tree if ".wants/" in path]
    assert "etc/systemd/system/multi-user.target.wants/foresight.service" in wanted
    for path in wanted:
        target = tree[path].target.lstrip("/")
        assert target in tree or target.startswith("usr/lib/systemd/system/")
    places = [line.split()[1].strip("/") for line in tree["etc/fstab"].data.decode().splitlines() if line[0] != "#"]
    for place in places:
        assert place in tree or place == "var/tmp"


def test_only_what_belongs_to_the_device_is_on_data() -> None:
    given: Tree = {}
    put(given, "/etc/foresight/identity/device.key", Entry(Kind.FILE, 0o600, b"key"))
    put(given, "/etc/systemd/system/foresight.service.d/identity.conf", text(""))
    tree = data_tree(given, b"network={}", EPOCH_S)
    assert tree["etc/identity/device.key"].mode == 0o600
    assert tree["etc/wifi.conf"].mode == 0o600
    assert not [path for path in tree if "systemd/system" in path]
    assert (tree["state"].mode, tree["state"].uid) == (0o700, 820)


def test_raucs_configuration_names_slots_as_the_back_end_does() -> None:
    told = configparser.ConfigParser()
    told.read_string(system_conf("pi4"))
    assert told["system"]["compatible"] == "foresight-pi4"
    assert told["system"]["bundle-formats"] == "-plain"
    assert {told[f"slot.rootfs.{n}"]["bootname"] for n in (0, 1)} == {"A", "B"}
    assert [told[f"slot.boot.{n}"]["parent"] for n in (0, 1)] == ["rootfs.0", "rootfs.1"]
    assert told["handlers"]["bootloader-custom-backend"] == f"/{BACKEND}"


@pytest.mark.parametrize("board", CONSOLES)
def test_the_hook_finds_what_it_changes(board: str, tmp_path: Path) -> None:
    hook = Path(initrd.__file__).parent / "files/bundle-hook"
    for slot_name, ending, name in (("boot.1", "b", "B"), ("boot.0", "a", "A"), ("boot.1", "b", "B")):
        if slot_name == "boot.1":
            (tmp_path / "cmdline.txt").write_text(cmdline(board, "A"))
        told = {"PATH": "/usr/bin:/bin", "RAUC_SLOT_NAME": slot_name, "RAUC_SLOT_MOUNT_POINT": str(tmp_path)}
        subprocess.run(["sh", hook, "slot-post-install"], env=told, check=True, timeout=20)
        assert (tmp_path / "cmdline.txt").read_text() == cmdline(board, name)
        assert f"system_{ending} rauc.slot={name}" in (tmp_path / "cmdline.txt").read_text()
    told["RAUC_SLOT_NAME"] = "other.0"
    assert subprocess.run(["sh", hook, "slot-post-install"], env=told, check=False, timeout=20).returncode == 1


def test_keys_are_never_replaced_nor_lent(tmp_path: Path) -> None:
    made = make_keys(tmp_path / "keys", "home", "", NOW)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    with pytest.raises(MistakeError, match="is there already"):
        make_keys(tmp_path / "keys", "home", "", NOW)
    with pytest.raises(MistakeError, match="no authority's certificate"):
        keyring(made.certificate)
    assert keyring(made.authority) == made.authority.read_bytes()
    made.key.chmod(0o644)
    with pytest.raises(MistakeError, match="chmod 600"):
        signing_key(tmp_path / "keys")


@pytest.mark.parametrize("passphrase", ["", "four words of it"])
def test_rauc_takes_a_bundle_of_its_authority_only(tmp_path: Path, passphrase: str) -> None:
    program("rauc")
    program("mksquashfs", "squashfs-tools")
    key = make_keys(tmp_path / "keys", "home", passphrase, datetime.now(UTC))
    (tmp_path / "work").mkdir()
    write_bundle(tmp_path / "new.raucb", slot("pi4"), IDENTITY, Signer(key, passphrase), tmp_path / "work")
    told = json.loads(asked(tmp_path / "new.raucb", key.authority).stdout)
    assert (told["compatible"], told["version"]) == ("foresight-pi4", "1.2.3")
    device = tmp_path / "system.conf"
    device.write_text(system_conf("pi4").replace("/etc/rauc/keyring.pem", str(key.authority)))
    strict = [program("rauc"), f"--conf={device}", "info", str(tmp_path / "new.raucb")]
    assert subprocess.run(strict, check=False, capture_output=True, timeout=60).returncode == 0
    other = make_keys(tmp_path / "other", "theirs", "", datetime.now(UTC))
    assert asked(tmp_path / "new.raucb", other.authority).returncode != 0
    with pytest.raises(MistakeError, match="is there already"):
        write_bundle(tmp_path / "new.raucb", slot("pi4"), IDENTITY, Signer(key, passphrase), tmp_path / "work2")


def test_a_wrong_passphrase_signs_nothing(tmp_path: Path) -> None:
    program("rauc")
    program("mksquashfs", "squashfs-tools")
    key = make_keys(tmp_path / "keys", "home", "four words of it", NOW)
    with pytest.raises(MistakeError, match="passphrase"):
        write_bundle(tmp_path / "new.raucb", slot("pi4"), IDENTITY, Signer(key, "other words"), tmp_path)
    assert not (tmp_path / "new.raucb").exists()


def test_file_systems_of_others_are_wrapped_as_they_are(tmp_path: Path) -> None:
    program("rauc")
    program("mksquashfs", "squashfs-tools")
    key = make_keys(tmp_path / "keys", "home", "", datetime.now(UTC))
    images = Images(tmp_path / "system.ext4", tmp_path / "boot.vfat")
    (tmp_path / "early").mkdir()
    with pytest.raises(MistakeError, match="is no file"):
        wrap_bundle(tmp_path / "a.raucb", images, "pi5", "2.0.0", Signer(key, ""), tmp_path / "early")
    images.system.write_bytes(os.urandom(9000))
    images.boot.write_bytes(os.urandom(9000))
    (tmp_path / "work").mkdir()
    wrap_bundle(tmp_path / "a.raucb", images, "pi5", "2.0.0", Signer(key, ""), tmp_path / "work")
    told = json.loads(asked(tmp_path / "a.raucb", key.authority).stdout)
    assert told["compatible"] == "foresight-pi5"
    assert "hooks" not in manifest("pi5", "2.0.0", "")


def test_the_source_tree_for_rpi_image_gen_is_well_formed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("firmware_tools.image.ab.generated.deployed", lambda name: name.encode())
    given: Tree = {}
    put(given, "etc/foresight/identity/device.key", Entry(Kind.FILE, 0o600, b"key"))
    daemon: Tree = {}
    put(daemon, "opt/foresight/bin/foresight", text("#!x", 0o755))
    generate(tmp_path / "tree", "shed", Identity("pi5", "1.0.0", b"ring"), daemon, given, (1280, 512))
    config = yaml.safe_load((tmp_path / "tree/config/foresight-shed.yaml").read_text())
    assert config["device"]["layer"] == "rpi5"
    assert config["image"]["layer"] == "image-rota"
    layer = (tmp_path / "tree/layer/foresight.yaml").read_text()
    head = layer[layer.index("# METABEGIN") : layer.index("# METAEND")]
    assert "# X-Env-Layer-Name: foresight\n" in head
    assert "@" not in layer
    body = yaml.safe_load(layer)
    assert "rauc" in body["mmdebstrap"]["packages"]
    for hook in body["mmdebstrap"]["customize-hooks"]:
        subprocess.run(["sh", "-n", "-c", hook], check=True, timeout=20)
    laid = tmp_path / "tree/layer/foresight.d/customize.overlay"
    assert stat.S_IMODE((laid / "persistent/foresight/etc/identity/device.key").stat().st_mode) == 0o600
    assert (laid / "opt/foresight/bin/foresight").stat().st_mode & 0o111
    assert "/data/" not in (laid / "etc/rauc/system.conf").read_text()
    with pytest.raises(MistakeError, match="is there already"):
        generate(tmp_path / "tree", "shed", Identity("pi5", "1.0.0", b"ring"), daemon, given, (1280, 512))
    with pytest.raises(MistakeError, match="not the Raspberry Pi 3"):
        generate(tmp_path / "no", "shed", Identity("pi3", "1.0.0", b"ring"), daemon, given, (1280, 512))
