"""`foresight-firmware flash` as its users run it, on real block devices."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.programs import program
from tests.rigs.flashing.disks import faulty_disk
from tests.rigs.flashing.images import MIB, block_map, disk_image, noise, packed
from tests.rigs.nbd.serving import loop, need_block_devices

pytestmark = pytest.mark.system
COMMAND = [sys.executable, "-m", "firmware_tools", "flash"]
RAW = disk_image(21, 6 * MIB)
LONG_S = 60.0


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """What a loop device shall hold."""
    need_block_devices()
    path = tmp_path / "card"
    path.write_bytes(noise(22, 8 * MIB))
    return path


def run(*arguments: object, typed: str = "") -> tuple[int, str]:
    """Exit code, and all that is said."""
    command = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_without_anything_the_cards_are_listed() -> None:
    code, said = run()
    assert code == 0
    assert "loop" not in said


def test_the_card_is_named_and_then_written(tmp_path: Path, card: Path) -> None:
    image = packed(tmp_path, RAW, "img.xz")
    with loop(card) as device:
        name = Path(device).name
        code, said = run(image, device, "--virtual", typed=f"{name}\n")
    assert (code, f"{name} holds a.img.xz: all of it was read back and is right." in said) == (0, True), said
    assert f"Everything on {name} (loop of card, 8.4 MB, serial {card}) will be lost." in said
    assert "writing: 100 %" in said
    assert "reading back: 100 %" in said
    assert card.read_bytes()[: len(RAW)] == RAW


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", "loop\n"])
def test_nothing_is_written_without_the_name(tmp_path: Path, card: Path, typed: str) -> None:
    with loop(card) as device:
        code, said = run(packed(tmp_path, RAW, "img"), device, "--virtual", typed=typed)
    assert (code, "was not typed; nothing was written" in said) == (2, True), said
    assert card.read_bytes() == noise(22, 8 * MIB)


def test_without_questions_the_serial_must_be_right(tmp_path: Path, card: Path) -> None:
    image = packed(tmp_path, RAW, "img.zst")
    with loop(card) as device:
        code, said = run(image, device, "--virtual", "--yes")
        assert (code, "--yes asks for --serial as well" in said) == (2, True), said
        code, said = run(image, device, "--virtual", "--yes", "--serial", "other")
        assert (code, "has not the serial other; nothing was written" in said) == (2, True), said
        assert card.read_bytes() == noise(22, 8 * MIB)
        code, said = run(image, device, "--virtual", "--yes", "--serial", card)
    assert code == 0, said
    assert card.read_bytes()[: len(RAW)] == RAW


def test_a_block_map_beside_the_image_is_used(tmp_path: Path, card: Path) -> None:
    image = packed(tmp_path, RAW, "img.gz")
    (tmp_path / "a.img.bmap").write_bytes(block_map(RAW, [(0, 255), (512, 1535)]))
    with loop(card) as device:
        assert run(image, device, "--virtual", "--yes", "--serial", card)[0] == 0
        assert card.read_bytes()[MIB : 2 * MIB] == noise(22, 8 * MIB)[MIB : 2 * MIB]
        assert run(image, device, "--virtual", "--yes", "--serial", card, "--bmap", "none")[0] == 0
    assert card.read_bytes()[: len(RAW)] == RAW


def test_a_mounted_card_is_refused(tmp_path: Path, card: Path) -> None:
    mkfs = program("mkfs.ext4", "e2fsprogs")
    subprocess.run([mkfs, "-q", "-F", card], check=True)
    before = card.read_bytes()
    point = tmp_path / "mounted here"
    point.mkdir()
    with loop(card) as device:
        subprocess.run([program("mount"), "-o", "ro,noload", device, point], check=True)
        try:
            code, said = run(packed(tmp_path, RAW, "img"), device, "--virtual", typed="x")
        finally:
            subprocess.run([program("umount", "mount"), point], check=True)
    assert (code, f"it is mounted at {point}: unmount it first" in said) == (2, True), said
    assert card.read_bytes() == before


def test_a_read_only_card_is_refused(tmp_path: Path, card: Path) -> None:
    with loop(card, "--read-only") as device:
        code, said = run(packed(tmp_path, RAW, "img"), device, "--virtual")
    assert (code, "it is read-only" in said) == (2, True), said


def test_a_small_card_is_refused_before_the_question(tmp_path: Path, card: Path) -> None:
    with loop(card) as device:
        code, said = run(packed(tmp_path, RAW + RAW, "img.xz"), device, "--virtual")
    assert (code, "it holds 8.4 MB and the image takes 12.6 MB" in said) == (2, True), said


def test_a_loop_device_is_no_card(tmp_path: Path, card: Path) -> None:
    with loop(card) as device:
        code, said = run(packed(tmp_path, RAW, "img"), device)
    assert (code, "it is no card but a virtual disk" in said) == (2, True), said


def test_the_system_disk_is_refused(tmp_path: Path) -> None:
    source = subprocess.run(
        ["findmnt", "-no", "SOURCE", "/"], capture_output=True, text=True, check=False
    ).stdout.strip()
    if not source.startswith("/dev/") or not Path(source).exists():
        pytest.skip("the root of this system is on no disk that it knows of")
    code, said = run(packed(tmp_path, RAW, "img"), source, "--virtual", typed=f"{Path(source).name}\n")
    assert (code, "this system runs from it" in said or "is a part of" in said or "no disk" in said) == (2, True), said


class Asked:
    """A flashing that has asked its question and waits for the name."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        assert "will be lost" in self.process.stdout.readline()

    def answer(self, name: str) -> tuple[int, str]:
        """Exit code, and what is said then."""
        said = self.process.communicate(f"{name}\n", timeout=LONG_S)[0]
        return self.process.returncode, said


def test_a_card_that_is_unplugged_during_the_question(tmp_path: Path, card: Path) -> None:
    with loop(card) as device:
        asked = Asked(packed(tmp_path, RAW, "img"), device, "--virtual")
        losetup = program("losetup", "mount")
        subprocess.run([losetup, "-d", device], check=True)
        subprocess.run([losetup, device, card], check=True)  # and plugged in again: it may be another one
        code, said = asked.answer(Path(device).name)
    assert (code, "is another medium than a moment ago" in said) == (2, True), said
    assert card.read_bytes() == noise(22, 8 * MIB)


def test_a_card_that_somebody_else_holds_is_refused(tmp_path: Path, card: Path) -> None:
    with loop(card) as device:
        holder = os.open(device, os.O_RDWR | os.O_EXCL)
        try:
            code, said = run(packed(tmp_path, RAW, "img"), device, "--virtual", "--yes", "--serial", card)
        finally:
            os.close(holder)
    assert (code, "something of this machine uses it" in said) == (2, True), said
    assert card.read_bytes() == noise(22, 8 * MIB)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_told_to_stop_it_leaves_no_half_booting_card(tmp_path: Path, number: signal.Signals) -> None:
    need_block_devices()
    image = packed(tmp_path, RAW, "img")
    folder = tmp_path / "nbd"
    folder.mkdir()
    with faulty_disk(folder, 8 * MIB) as disk:
        disk.fill(RAW)  # a card that boots
        disk.order(delay_s=0.1)
        asked = Asked(image, disk.device, "--virtual")
        assert asked.process.stdin is not None
        asked.process.stdin.write(f"{Path(disk.device).name}\n")
        asked.process.stdin.flush()
        until = time.monotonic() + LONG_S
        while disk.start_of(4096) != bytes(4096):  # the wiping has begun
            assert time.monotonic() < until
            time.sleep(0.01)
        asked.process.send_signal(number)
        said = asked.process.communicate(timeout=LONG_S)[0]
        assert disk.start_of(4096) == bytes(4096)
    if number != signal.SIGKILL:
        assert (asked.process.returncode, "holds no finished image: flash it anew" in said) == (1, True), said
    assert "Traceback" not in said


def test_a_failing_card_is_told_in_words(tmp_path: Path) -> None:
    need_block_devices()
    folder = tmp_path / "nbd"
    folder.mkdir()
    with faulty_disk(folder, 8 * MIB) as disk:
        disk.order(fault="write-dropped", at=3 * MIB)
        disk.fill(noise(23, 8 * MIB))
        serial = str(folder / "nbd")
        code, said = run(packed(tmp_path, RAW, "img"), disk.device, "--virtual", "--yes", "--serial", serial)
    assert (code, "read otherwise than they were written" in said) == (1, True), said
    assert "is not to be used as it is" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent.img", "sdz"], "absent.img cannot be read: No such file or directory"),
        (["--nonsense"], "No such option"),
    ],
)
def test_mistakes(arguments: list[str], words: str) -> None:
    code, said = run(*arguments)
    assert (code, words in said) == (2, True), said


def test_on_a_terminal_there_is_a_bar(tmp_path: Path, card: Path) -> None:
    ours, theirs = pty.openpty()
    with loop(card) as device, os.fdopen(ours, "rb", buffering=0) as screen:
        arguments = [packed(tmp_path, RAW, "img"), device, "--virtual", "--yes", "--serial", card]
        process = subprocess.Popen([*COMMAND, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # EIO is how a terminal ends
            while part := screen.read(65536):
                seen += part
        assert process.wait(LONG_S) == 0
    assert b"reading back" in seen
