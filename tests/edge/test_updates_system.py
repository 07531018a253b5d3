"""A system update against a real RAUC: installed, started on trial, kept or left; what goes wrong is told in words."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge.contracts.release import Kind
from edge.updates.interfaces import StoredArtifact
from edge.updates.system.bus import Bus, BusError
from edge.updates.system.installer import Board as Here
from edge.updates.system.installer import SystemInstaller
from edge.updates.system.rauc import Inside, Rauc, inside
from edge.updates.trust.refusal import Reason, RefusedError
from tests.rigs.host import wait_until
from tests.rigs.rauc import COMPATIBLE, SLOT_BYTES, Board, certificate
from tests.rigs.releases import purpose

NEW = b"new system" * 10000
pytestmark = pytest.mark.system


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as running:
        yield running


class Device:
    """The daemon's side, as it is after a start of the machine."""

    def __init__(self, board: Board, folder: Path) -> None:
        self.board, self.home, self.runtime, self.boots = board, folder / "updates", folder / "run", 1
        self.home.mkdir()
        self.runtime.mkdir()
        self.ends, self.answer_s = False, 60.0

    def installer(self) -> SystemInstaller:
        here = Here(self.runtime, lambda: f"boot {self.boots}", 60.0, answer_s=self.answer_s)
        return SystemInstaller(Rauc(self.board.address), self.home, lambda _: self.ends, here)

    def asked(self) -> list[str]:
        """Restarts that were asked for."""
        return sorted(path.name for path in self.runtime.iterdir())

    def restart(self, slot: str) -> SystemInstaller:
        """The machine was started anew, into that slot."""
        for path in self.runtime.iterdir():
            path.unlink()
        self.boots += 1
        self.board.start(slot)
        return self.installer()


@pytest.fixture
def device(board: Board, tmp_path: Path) -> Device:
    return Device(board, tmp_path)


def artifact(bundle: Path) -> StoredArtifact:
    sha256 = hashlib.sha256(bundle.read_bytes()).hexdigest()
    return StoredArtifact("systems/pi4.raucb", purpose(kind=Kind.SYSTEM, version="2"), sha256, bundle)


def tampered(bundle: Path) -> Path:
    data = bytearray(bundle.read_bytes())
    data[len(data) // 4] ^= 1
    bundle.write_bytes(data)
    return bundle


def test_what_rauc_says_of_the_board(board: Board) -> None:
    rauc = Rauc(board.address)
    assert rauc.compatible() == COMPATIBLE
    assert [(slot.name, slot.bootname, slot.booted, slot.good) for slot in sorted(rauc.slots(), key=str)] == [
        ("rootfs.0", "A", True, True),
        ("rootfs.1", "B", False, False),
    ]
    assert rauc.inspect(board.bundle(NEW)) == Inside(COMPATIBLE, "2")


def variant(data: object, kind: str = "s") -> dict[str, object]:
    return {"type": kind, "data": data}


# busctl's answer of RAUC 1.13 to InspectBundle, shortened: the dictionaries lie in a variant within a variant.
UPDATE = {"version": variant("2"), "compatible": variant("foresight-pi3")}
TOLD = {"update": variant(variant(UPDATE, "a{sv}"), "v"), "manifest-hash": variant("a13e4f6c")}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], Inside("", "")),
        ([{}], Inside("", "")),
        (["update"], Inside("", "")),
        ([{"update": variant("toaster")}], Inside("", "")),
        ([{"update": variant({"compatible": variant(7, "u")}, "a{sv}")}], Inside("", "")),
        ([{"update": variant(UPDATE, "a{sv}")}], Inside("foresight-pi3", "2")),
        ([TOLD], Inside("foresight-pi3", "2")),
    ],
)
def test_what_a_bundle_says_of_itself(told: list[object], expected: Inside) -> None:
    assert inside(told) == expected


def test_installed_tried_and_kept(board: Board, device: Device) -> None:
    system, new = device.installer(), artifact(board.bundle(NEW))
    assert system.place_of(new) == "system"
    system.check(new)
    assert (board.slot("b")[:10], device.asked(), system.is_active(new)) == (bytes(10), [], False)
    system.activate(new)
    assert (board.slot("b")[: len(NEW)] == NEW, device.asked(), system.is_active(new)) == (True, ["tryboot"], False)
    assert (board.folder / "primary").read_text() == "B\n"
    system = device.restart("B")
    assert system.is_active(new)
    system.activate(new)  # the machine goes on where it was
    assert device.asked() == []
    system.commit(new)
    system.commit(new)
    assert (board.folder / "state-B").read_text() == "good\n"


def test_a_restart_that_did_not_come_is_asked_for_again(board: Board, device: Device) -> None:
    system, new = device.installer(), artifact(board.bundle(NEW))
    system.activate(new)
    (device.runtime / "tryboot").unlink()
    (board.folder / "b").write_bytes(bytes(SLOT_BYTES))
    device.installer().activate(new)
    assert (device.asked(), board.slot("b")[:10]) == (["tryboot"], bytes(10))  # and it is not written twice


def test_what_ran_and_was_given_up_is_not_tried_again(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    device.restart("B")
    Rauc(board.address).mark("bad", "booted")  # as `trial` does where nobody found it good
    system = device.restart("A")
    assert not system.is_active(new)
    with pytest.raises(RefusedError, match="nobody found it good in time") as refused:
        system.activate(new)
    assert (refused.value.reason, device.asked()) == (Reason.SICK, [])
    system.roll_back(new)
    assert ((board.folder / "state-B").read_text(), device.asked()) == ("bad\n", [])


def test_a_power_cut_on_the_way_into_it_costs_one_more_start(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    system = device.restart("A")
    (board.folder / "b").write_bytes(bytes(SLOT_BYTES))
    system.activate(new)
    assert (device.asked(), board.slot("b")[:10]) == (["tryboot"], bytes(10))  # and it is not written twice
    assert device.restart("B").is_active(new)


def test_what_never_comes_up_is_tried_twice(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    device.restart("A").activate(new)
    system = device.restart("A")
    with pytest.raises(RefusedError, match="2 starts were asked for") as refused:
        system.activate(new)
    assert (refused.value.reason, device.asked()) == (Reason.SICK, [])
    system.roll_back(new)
    assert Rauc(board.address).primary() == "rootfs.0"


def test_one_that_was_left_without_blame_is_written_and_tried_again(board: Board, device: Device) -> None:
    """As after a trial during which the broker was away."""
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    system = device.restart("B")
    system.roll_back(new)
    with pytest.raises(RefusedError, match="about to start") as refused:
        system.activate(new)
    assert (refused.value.reason, device.asked()) == (Reason.STOPPED, ["reboot"])
    system = device.restart("A")
    (board.folder / "b").write_bytes(bytes(SLOT_BYTES))
    system.activate(new)
    assert (device.asked(), board.slot("b")[: len(NEW)] == NEW) == (["tryboot"], True)
    system.roll_back(new)
    system.activate(new)  # in the same start
    assert Rauc(board.address).primary() == "rootfs.1"
    assert device.restart("B").is_active(new)


def test_a_power_cut_before_it_is_kept_takes_nothing_from_it(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    device.restart("B")
    system = device.restart("A")  # the gate had found it good
    system.commit(new)
    assert ((board.folder / "state-B").read_text(), device.asked()) == ("good\n", ["reboot"])


def test_which_slot_runs_is_known_while_rauc_is_away(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    system = device.restart("B")
    assert system.is_active(new)
    board.stop()
    assert system.is_active(new)


def test_rauc_that_is_late_is_waited_for(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    system = device.restart("B")
    board.stop()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(system.is_active, new)
        assert not wait_until(asked.done, 0.5)
        board.start("B")
        assert asked.result(60)


def test_a_sick_one_is_left(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    device.installer().activate(new)
    system = device.restart("B")
    system.roll_back(new)
    system.roll_back(new)
    assert ((board.folder / "state-B").read_text(), device.asked()) == ("bad\n", ["reboot"])


def test_what_was_never_written_is_not_left(board: Board, device: Device) -> None:
    device.installer().roll_back(artifact(board.bundle(NEW)))
    assert ((board.folder / "state-A").read_text(), device.asked()) == ("good\n", [])


def test_a_bundle_of_another_kind_of_device(board: Board, device: Device) -> None:
    with pytest.raises(RefusedError, match="is for 'toaster'") as refused:
        device.installer().check(artifact(board.bundle(NEW, compatible="toaster")))
    assert refused.value.reason is Reason.WRONG_BOARD


def test_a_bundle_of_a_stranger(board: Board, device: Device) -> None:
    certificate(board.folder, "foreign-cert.pem", "foreign-key.pem")
    with pytest.raises(RefusedError, match="RAUC does not take it") as refused:
        device.installer().check(artifact(board.bundle(NEW, key="foreign-")))
    assert refused.value.reason is Reason.UNFIT


def test_a_tampered_bundle_is_not_installed(board: Board, device: Device) -> None:
    with pytest.raises(RefusedError, match="RAUC") as refused:
        device.installer().activate(artifact(tampered(board.bundle(NEW))))
    assert (refused.value.reason, device.asked(), board.slot("b")[:10]) == (Reason.UNFIT, [], bytes(10))


def test_a_failed_installation_is_told_in_rauc_s_words(board: Board, device: Device) -> None:
    with pytest.raises(RefusedError, match=r"RAUC could not install it: .*[Ss]lot") as refused:
        device.installer().activate(artifact(board.bundle(bytes(2 * SLOT_BYTES))))
    assert (refused.value.reason, device.asked()) == (Reason.UNFIT, [])


def test_nobody_answers(board: Board, device: Device) -> None:
    new = artifact(board.bundle(NEW))
    board.stop()
    device.answer_s = 0.0
    system = device.installer()
    for step in (system.place_of, system.check, system.activate, system.commit):
        with pytest.raises(RefusedError):
            step(new)
    assert not system.is_active(new)


def test_no_restart_can_be_asked_for(board: Board, device: Device) -> None:
    device.runtime.rmdir()
    with pytest.raises(RefusedError, match=r"install foresight-tryboot\.path") as refused:
        device.installer().activate(artifact(board.bundle(NEW)))
    assert refused.value.reason is Reason.NO_PLACE


@pytest.mark.parametrize(("address", "silent"), [("unix:path=/nowhere/bus", True)])
def test_no_bus(address: str, silent: bool) -> None:
    with pytest.raises(BusError) as failed:
        Bus("de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer", address).call("GetPrimary")
    assert failed.value.silent == silent
