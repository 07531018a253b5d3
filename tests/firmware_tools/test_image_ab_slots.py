"""The back end by itself, under a mount that is a folder: every order, every state, every cut."""

import fcntl
import itertools
import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_tools.image.ab.boot import AUTOBOOT
from tests.paths import REPOSITORY
from tests.rigs.host import wait_until

SCRIPT = REPOSITORY / "firmware_tools/image/ab/files/boot-slots"
COMMITTED_B = "[all]\ntryboot_a_b=1\nboot_partition=3\n[tryboot]\nboot_partition=2\n# good A\n# good B\n"
STEPS = ("sync", "mv", "umount")  # programs that it writes with, in their order


@dataclass
class Device:
    """A bootconfig partition that is a folder, and programs that mount it."""

    place: Path
    programs: Path
    cmdline: Path

    def say(self, *arguments: str, cut: str = "") -> subprocess.CompletedProcess[str]:
        """Run the back end; with `cut`, as if the power went while that program was about to start."""
        told = {
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "FORESIGHT_BOOTCONFIG_AT": str(self.place),
            "FORESIGHT_BOOTCONFIG_LOCK": str(self.lock),
            "FORESIGHT_CMDLINE": str(self.cmdline),
            "CUT": cut,
        }
        return subprocess.run(
            ["sh", SCRIPT, *arguments], env=told, capture_output=True, text=True, timeout=20, check=False
        )

    def asked(self, *arguments: str) -> str:
        done = self.say(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def lock(self) -> Path:
        return self.programs.parent / "lock"

    @property
    def file(self) -> Path:
        return self.place / "autoboot.txt"

    @property
    def view(self) -> tuple[str, str, str]:
        """What RAUC sees: primary, and the states of A and B."""
        return self.asked("get-primary"), self.asked("get-state", "A"), self.asked("get-state", "B")


@pytest.fixture
def device(tmp_path: Path) -> Device:
    programs, place = tmp_path / "bin", tmp_path / "bootconfig"
    programs.mkdir()
    place.mkdir()
    (place / "autoboot.txt").write_text(AUTOBOOT)
    for name in ("mount", "umount", "sync", "mv"):
        own = f'/usr/bin/{name} "$@"' if name in ("sync", "mv") else ":"
        script = f'#!/bin/sh\n[ "$CUT" != {name} ] || kill -9 "$PPID"\necho "{name} $*" >>{tmp_path}/log\n{own}\n'
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    cmdline = tmp_path / "cmdline"
    cmdline.write_text("quiet root=PARTLABEL=system_a rauc.slot=A ro\n")
    return Device(place, programs, cmdline)


def firmware(text: str) -> tuple[str, str]:
    """Which boot partitions the firmware starts: always, and on trial."""
    sections: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        if line.startswith("boot_partition="):
            sections[section] = line.partition("=")[2]
    assert "tryboot_a_b=1" in text.splitlines()
    return sections["[all]"], sections["[tryboot]"]


def test_a_new_card_starts_a_and_has_nothing_in_b(device: Device) -> None:
    assert device.view == ("A", "good", "bad")
    assert device.asked("get-current") == "A"
    assert firmware(device.file.read_text()) == ("2", "3")


def test_an_update_is_tried_once_and_then_committed(device: Device) -> None:
    device.asked("set-state", "B", "bad")  # before it is written
    assert device.view == ("A", "good", "bad")
    device.asked("set-primary", "B")  # after
    assert device.view == ("B", "good", "bad")
    assert firmware(device.file.read_text()) == ("2", "3")  # a plain restart is still A
    device.asked("set-state", "B", "good")
    assert device.view == ("B", "good", "good")
    assert firmware(device.file.read_text()) == ("3", "2")


def test_one_that_fails_is_not_tried_again(device: Device) -> None:
    device.asked("set-primary", "B")
    device.asked("set-state", "B", "bad")
    assert device.view == ("A", "good", "bad")
    assert firmware(device.file.read_text()) == ("2", "3")


def test_the_only_system_that_starts_is_not_given_up(device: Device) -> None:
    device.asked("set-primary", "B")
    refused = device.say("set-state", "A", "bad")  # as an installation during the trial of B would
    assert refused.returncode == 1
    assert "the only one that starts" in refused.stderr
    assert device.view == ("B", "good", "bad")


def test_a_committed_system_that_fails_leaves_the_other(device: Device) -> None:
    device.file.write_text(COMMITTED_B)
    device.asked("set-state", "B", "bad")
    assert device.view == ("A", "good", "bad")
    assert firmware(device.file.read_text()) == ("2", "3")


def test_what_nobody_found_good_is_given_up_and_tried_no_more(device: Device) -> None:
    device.asked("set-primary", "B")
    assert device.asked("give-up", "B") == "given up"
    assert device.view == ("A", "good", "bad")


@pytest.mark.parametrize("slot", ["A", "B"])
def test_what_was_found_good_is_not_given_up(device: Device, slot: str) -> None:
    device.file.write_text(COMMITTED_B)
    assert device.asked("give-up", slot) == "good"
    assert device.file.read_text() == COMMITTED_B


def test_one_at_a_time(device: Device) -> None:
    device.asked("set-primary", "B")
    with device.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(device.say, "give-up", "B")
            assert not wait_until(waiting.done, 0.5)
            assert "# trial B" in device.file.read_text()
            fcntl.flock(held, fcntl.LOCK_UN)
            assert waiting.result(20).stdout == "given up\n"


def test_the_way_back_takes_the_trial_away(device: Device) -> None:
    device.asked("set-primary", "B")
    device.asked("set-primary", "A")
    assert device.view == ("A", "good", "bad")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "unknown command"),
        (("get-state", "C"), "no slot 'C'"),
        (("set-primary", ""), "no slot ''"),
        (("set-state", "B", "great"), "not 'great'"),
        (("give-up", "C"), "no slot 'C'"),
    ],
)
def test_what_it_does_not_know_it_refuses(device: Device, words: tuple[str, ...], says: str) -> None:
    before = device.file.read_text()
    done = device.say(*words)
    assert done.returncode == 1
    assert says in done.stderr
    assert device.file.read_text() == before


def test_it_needs_to_know_which_slot_runs(device: Device) -> None:
    device.cmdline.write_text("root=/dev/sda1\n")
    assert device.say("get-current").returncode == 1


ORDERS = [
    (start, order)
    for start in (AUTOBOOT, COMMITTED_B)
    for order in [(order, slot) for order in ("set-primary", "give-up") for slot in "AB"]
    + [("set-state", s, g) for s in "AB" for g in ("good", "bad")]
]


@pytest.mark.parametrize(
    ("start", "order"), ORDERS, ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_a_cut_between_any_steps_leaves_the_old_file_or_the_new(
    device: Device, start: str, order: tuple[str, ...]
) -> None:
    device.file.write_text(start)
    device.say(*order)
    after = device.file.read_text()
    for cut in STEPS:
        device.file.write_text(start)
        device.say(*order, cut=cut)
        assert device.file.read_text() in {start, after}
        assert firmware(device.file.read_text()) in {firmware(start), firmware(after)}
        device.say(*order)
        assert device.file.read_text() == after  # the same order again ends where it would have


def test_every_order_of_commands_keeps_a_file_that_the_firmware_reads(device: Device) -> None:
    orders = [("set-primary", "A"), ("set-primary", "B"), ("set-state", "B", "bad"), ("set-state", "B", "good")]
    orders += [("set-state", "A", "good"), ("set-state", "A", "bad")]
    for first, second in itertools.product(orders, repeat=2):
        device.file.write_text(AUTOBOOT)
        device.say(*first)
        device.say(*second)
        text = device.file.read_text()
        assert sorted(firmware(text)) == ["2", "3"]
        assert len(text) < 512  # what the firmware reads of it


def test_what_says_the_same_is_not_written(device: Device, tmp_path: Path) -> None:
    before = device.file.stat()
    device.asked("set-state", "A", "good")
    assert device.file.stat().st_ino == before.st_ino
    assert [path.name for path in device.place.iterdir()] == ["autoboot.txt"]
    log = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[0] for line in log] == ["mount", "umount"]


def test_the_new_file_is_settled_before_it_takes_the_place(device: Device, tmp_path: Path) -> None:
    device.asked("set-primary", "B")
    steps = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert steps == ["mount", "sync", "mv", "sync", "umount"]


def test_a_damaged_file_counts_as_that_of_a_new_card(device: Device) -> None:
    device.file.write_bytes(os.urandom(200))
    assert device.asked("get-primary") == "A"
    device.asked("set-state", "A", "good")
    assert firmware(device.file.read_text()) == ("2", "3")


def test_it_may_be_run() -> None:
    assert SCRIPT.read_bytes().startswith(b"#!/bin/sh\n")
    assert stat.S_ISREG(SCRIPT.stat().st_mode)
