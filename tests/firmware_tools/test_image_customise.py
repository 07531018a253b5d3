"""`image customise`, on a stand-in with the official layout: what is in it, twice the same, whole or not at all."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from edge.contracts.files import sha256_of
from firmware_tools.bmap import beside, read_block_map
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.flash.image import look_at
from firmware_tools.image import image_files
from firmware_tools.image.customise import customise
from firmware_tools.image.image_files import ImageFiles
from firmware_tools.image.layout import read_table
from firmware_tools.image.mapping import write_bmap
from tests.programs import program
from tests.rigs.customised import BOOKWORM, HASH, KEY, MODEL, PASSWORD, Inside, desk, of_another, order
from tests.rigs.official import MIB, Sizes, official
from tests.rigs.wheels import wheel


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name, package in (("debugfs", "e2fsprogs"), ("mcopy", "mtools"), ("fsck.vfat", "dosfstools")):
        program(name, package)
    return desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def made(there: Path, told: list[str]) -> ImageFiles:
    return customise(order(there), there / "shed.img", told.append)


def test_the_daemon_is_where_its_unit_looks(made: ImageFiles) -> None:
    inside = Inside(made.image)
    script = inside.root("cat /opt/foresight/bin/foresight")
    assert script.startswith("#!/opt/foresight/bin/python\n")
    assert 'Fast link dest: "/usr/bin/python3"' in inside.root("stat /opt/foresight/bin/python")
    assert "home = /usr/bin" in inside.root("cat /opt/foresight/pyvenv.cfg")
    packages = "/opt/foresight/lib/python3.13/site-packages"
    assert inside.root(f"cat {packages}/native/core.so") == "\x7fELF board"
    assert inside.root(f'cat "{packages}/edge/odd name.txt"') == "odd"
    assert "ExecStart=/opt/foresight/bin/foresight run" in inside.root("cat /etc/systemd/system/foresight.service")
    wanted = "/etc/systemd/system/multi-user.target.wants/foresight.service"
    assert inside.root(f"stat {wanted}").count("/etc/systemd/system/foresight.service") == 1


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        ("/opt/foresight", "0755"),
        ("/opt/foresight/bin/foresight", "0755"),
        ("/opt/foresight/lib/python3.13/site-packages/edge/__main__.py", "0644"),
        ("/etc/foresight/foresight.yaml", "0644"),
        ("/etc/foresight/environment", "0600"),
        ("/etc/foresight/identity", "0700"),
        ("/etc/foresight/identity/device.key", "0600"),
        ("/etc/foresight/models/street.tflite", "0644"),
        ("/etc/foresight/release-root.json", "0644"),
    ],
)
def test_everything_is_roots_own(made: ImageFiles, path: str, mode: str) -> None:
    assert Inside(made.image).rights(path) == (mode, "0", "0")


def test_the_device_is_who_it_should_be(made: ImageFiles, there: Path) -> None:
    inside = Inside(made.image)
    key = next((there / "fleet" / "devices" / "shed").glob("*/identity/device.key")).read_text()
    assert inside.root("cat /etc/foresight/identity/device.key") == key
    assert inside.root("cat /etc/foresight/models/street.tflite") == MODEL.decode()
    assert "LoadCredential=device.key" in inside.root("cat /etc/systemd/system/foresight.service.d/identity.conf")


def test_cloud_init_sets_the_rest_up(made: ImageFiles) -> None:
    inside = Inside(made.image)
    assert b"hostname: shed\n" in inside.boot("user-data")
    assert KEY.encode() in inside.boot("user-data")
    assert PASSWORD.encode() in inside.boot("network-config")
    assert inside.boot("meta-data").startswith(b"dsmode: local\ninstance-id: foresight-shed-")
    line = inside.boot("cmdline.txt").decode()
    assert line.endswith(" resize cfg80211.ieee80211_regdom=DE\n")
    assert line.count("\n") == 1
    assert inside.root('cat "/var/lib/systemd/rfkill/platform-3f300000.mmcnr:wlan"') == "0\n"
    assert inside.root("cat /etc/hostname") == "raspberrypi\n"


def test_the_disk_keeps_its_identity_and_is_consistent(made: ImageFiles, there: Path, tmp_path: Path) -> None:
    before, after = read_table(there / "official.img"), read_table(made.image)
    assert after.disk == before.disk == "1c0ffee5"
    assert after.partitions[0] == before.partitions[0]
    assert after.partitions[1].start == before.partitions[1].start
    assert after.partitions[1].size > before.partitions[1].size
    assert after.partitions[1].end == after.disk_bytes == made.image.stat().st_size
    root = f"{made.image}?offset={after.partitions[1].start}"
    assert (
        subprocess.run([program("e2fsck"), "-fn", root], capture_output=True, timeout=60, check=False).returncode == 0
    )
    fat = tmp_path / "fat"
    fat.write_bytes(made.image.read_bytes()[after.partitions[0].start : after.partitions[0].end])
    assert subprocess.run([program("fsck.vfat"), "-n", str(fat)], capture_output=True, check=False).returncode == 0


def test_its_block_map_is_one_that_flashing_takes(made: ImageFiles) -> None:
    mapped = read_block_map(made.bmap)
    assert mapped.image_bytes == made.image.stat().st_size
    assert mapped.mapped_bytes == made.mapped_bytes < mapped.image_bytes // 4
    assert beside(made.image) == made.bmap
    seen = look_at(made.image, mapped)
    assert seen.plain_bytes == mapped.image_bytes


def test_its_bill_of_materials_says_what_was_added_and_what_was_there(made: ImageFiles) -> None:
    text = made.sbom.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = {part.get("purl", part["name"]): part for part in json.loads(text)["components"]}
    assert "pkg:deb/debian/libc6@2.41-12?arch=arm64&distro=trixie" in parts
    assert parts["pkg:pypi/native@2.1"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert len(parts["street.tflite"]["hashes"][0]["content"]) == 64
    assert "pkg:pypi/native@2.2" not in parts


def test_no_secret_is_told_and_nobody_else_may_read_the_image(made: ImageFiles, told: list[str]) -> None:
    assert made.image.stat().st_mode & 0o777 == 0o600
    secrets = [PASSWORD, HASH, "PRIVATE KEY"]
    beside = made.bmap.read_text() + made.sbom.read_text() + "".join(told)
    assert [secret for secret in secrets if secret in beside] == []
    assert told[0] == "checking official.img"


@contextmanager
def umask(mode: int) -> Iterator[None]:
    old = os.umask(mode)
    try:
        yield
    finally:
        os.umask(old)


def test_the_same_inputs_make_the_same_bytes_elsewhere_and_later(
    made: ImageFiles, there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    while time.time() < made.image.stat().st_mtime + 2.5:  # FAT counts in steps of two seconds
        os.sched_yield()
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.chdir(tmp_path)
    with umask(0o077):
        again = customise(order(there), tmp_path / "other name.img.zst", lambda _: None)
    subprocess.run([program("zstd"), "-q", "-d", str(again.image)], check=True, timeout=60)
    assert sha256_of(tmp_path / "other name.img") == sha256_of(made.image)
    assert again.bmap.read_bytes() == made.bmap.read_bytes()
    assert again.sbom.read_bytes() == made.sbom.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other name.img", "other name.img.bmap", "other name.img.cdx.json", "other name.img.zst"
    ]  # fmt: skip


def test_other_inputs_make_other_bytes(made: ImageFiles, there: Path, tmp_path: Path) -> None:
    settings = order(there).settings.model_copy(update={"timezone": ""})
    other = customise(replace(order(there), settings=settings), tmp_path / "a.img", lambda _: None)
    assert sha256_of(other.image) != sha256_of(made.image)


def test_without_cloud_init_each_setting_has_its_old_place(there: Path, tmp_path: Path) -> None:
    wheel(there / "wheels", "native", "2.1", {"native/core.so": b"11"}, tag="cp311-cp311-manylinux_2_28_aarch64")
    wheel(there / "wheels", "absent", "1", {"absent.py": b""})
    asked = of_another(order(there), official(tmp_path / "b.img", BOOKWORM))
    made = customise(asked, tmp_path / "made.img", lambda _: None)
    inside = Inside(made.image)
    assert inside.boot("userconf.txt") == f"ada:{HASH}\n".encode()
    assert inside.boot("ssh") == b""
    assert inside.boot("user-data") == b"#cloud-config\n"
    assert inside.root("cat /etc/hostname") == "shed\n"
    assert inside.root("cat /etc/timezone") == "Europe/Berlin\n"
    assert inside.root("cat /home/pi/.ssh/authorized_keys") == f"{KEY}\n"
    assert inside.rights("/home/pi/.ssh")[0] == "0700"
    connection = "/etc/NetworkManager/system-connections/foresight.nmconnection"
    assert inside.rights(connection) == ("0600", "0", "0")
    assert f"psk={PASSWORD}\n" in inside.root(f"cat {connection}")
    assert inside.root("cat /opt/foresight/lib/python3.11/site-packages/native/core.so") == "11"


def test_a_root_with_room_stays_as_large_as_it_is(there: Path, tmp_path: Path) -> None:
    image = official(tmp_path / "roomy.img", sizes=Sizes(root=160))
    made = customise(of_another(order(there), image), tmp_path / "made.img", lambda _: None)
    assert made.image.stat().st_size == image.stat().st_size == (4 + 64 + 160) * MIB


@pytest.mark.parametrize("name", ["out.iso", "out", "out.xz", "out.img.gz"])
def test_other_endings_are_refused(there: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(MistakeError, match=r"must end with \.img"):
        customise(order(there), tmp_path / name, lambda _: None)


@pytest.mark.parametrize("name", ["what?.img", "a@@1.img"])
def test_names_that_programs_take_for_options_are_refused(there: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(MistakeError, match="in its path"):
        customise(order(there), tmp_path / name, lambda _: None)


def test_nothing_is_overwritten(there: Path, tmp_path: Path) -> None:
    for name in ("a.img", "a.img.bmap", "a.img.cdx.json"):
        folder = tmp_path / name.replace(".", "_")
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(MistakeError, match="is there already"):
            customise(order(there), folder / "a.img", lambda _: None)
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "mine")]


def test_another_image_than_promised_is_refused(there: Path, tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="has another SHA-256"):
        customise(replace(order(there), sha256="0" * 64), tmp_path / "a.img", lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_has_the_daemon_is_not_written_twice(made: ImageFiles, there: Path, tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="has been customised already"):
        customise(of_another(order(there), made.image), tmp_path / "a.img", lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing(there: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    monkeypatch.setattr(image_files, "write_bmap", full)
    with pytest.raises(FirmwareError, match=r"No space left on device.*make room"):
        customise(order(there), tmp_path / "a.img", lambda _: None)
    assert list(tmp_path.iterdir()) == []


KILLED = """
import sys
from pathlib import Path
from firmware_tools.image.customise import customise
from firmware_tools.image.image_files import ImageFiles
from tests.rigs.customised import order

def say(text):
    print(text, flush=True)
    if text.startswith("making the block map"):
        sys.stdin.read()

customise(order(Path(sys.argv[1])), Path(sys.argv[2]), say)
"""


def test_what_was_killed_leaves_no_image_and_the_next_one_sweeps(there: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.img"
    command = [sys.executable, "-c", KILLED, str(there), str(out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert next(line for line in process.stdout if line.startswith("making the block map"))
        with pytest.raises(MistakeError, match="is being made by another command"):
            customise(order(there), out, lambda _: None)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    left = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert left == {".a.img.making": 0, ".a.img.lock": 0}
    assert customise(order(there), out, lambda _: None).image == out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.img", "a.img.bmap", "a.img.cdx.json"]


def test_flashing_by_the_map_loses_no_file(made: ImageFiles, tmp_path: Path) -> None:
    """What the map leaves out may hold anything: the file systems are whole without it."""
    card = tmp_path / "card"
    noise = b"\xa5" * (1 << 20)
    with card.open("wb") as file:
        for _ in range(made.image.stat().st_size // len(noise)):
            file.write(noise)
    with made.image.open("rb") as image, card.open("r+b") as file:
        for span in read_block_map(made.bmap).spans:
            image.seek(span.start)
            file.seek(span.start)
            file.write(image.read(span.end - span.start))
    root = read_table(card).partitions[1].start
    assert subprocess.run([program("e2fsck"), "-fn", f"{card}?offset={root}"], check=False).returncode == 0
    assert Inside(card).root("cat /etc/foresight/models/street.tflite") == MODEL.decode()
    assert Inside(card).boot("config.txt") == b"arm_64bit=1\n"
    write_bmap(card, tmp_path / "again")
    assert read_block_map(tmp_path / "again").mapped_bytes >= made.mapped_bytes
