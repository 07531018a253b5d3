"""A fleet that is changed: private files, no shared secret; killed at any step it is old or new."""

import os
import shutil
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge.contracts.locking import locked
from edge.contracts.stored import replace_file
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.identity import authorities, files, members
from firmware_tools.identity.delivery import PLACES, delivered
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.shown import to_do
from firmware_tools.identity.workshop import Workshop, opened
from tests.rigs.fleet import NOW, add, add_host, begun, folder, nobody, revoke, rotate

TEMPLATE = "template.yaml"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A host, and a device with a password for its camera."""
    fleet = tmp_path_factory.mktemp("prepared") / "fleet"
    begun(fleet)
    text = (fleet / TEMPLATE).read_text()
    (fleet / TEMPLATE).write_text(text.replace("/dev/video0", "rtsp://user:${FORESIGHT_DOOR_PASSWORD}@door.lan/1"))
    add_host(fleet, "collector")
    add(fleet, "shed", {"FORESIGHT_DOOR_PASSWORD": "hunter2"})
    return fleet


@pytest.fixture
def fleet(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path / "fleet")
    return tmp_path / "fleet"


def everything(fleet: Path) -> dict[str, bytes]:
    return {str(path.relative_to(fleet)): path.read_bytes() for path in fleet.rglob("*") if path.is_file()}


def test_all_of_it_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        begun(tmp_path / "a" / "fleet")
        add(tmp_path / "a" / "fleet", "shed")
        add_host(tmp_path / "a" / "fleet", "collector")
    finally:
        os.umask(before)
    fleet = tmp_path / "a" / "fleet"
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [fleet, *fleet.rglob("*")]}
    assert len(modes) > 20
    assert {path: mode for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_no_two_devices_share_a_secret(fleet: Path) -> None:
    for number in range(2):
        add(fleet, f"d{number}", {"FORESIGHT_DOOR_PASSWORD": f"hunter{number}"})
    rotate(fleet, "d1")
    same = ("-----", "FORESIGHT_BROKER", "FORESIGHT_IDENTITY", "FORESIGHT_MODELS")
    secrets = [
        line
        for one in read_inventory(fleet).devices
        for file in (folder(fleet, one.name) / "device.key", folder(fleet, one.name).parent / "environment")
        for line in file.read_text().splitlines()
        if not line.startswith(same)
    ]
    assert len(secrets) == 3 * (3 + 2)  # lines of a key; the device's name, and its password
    assert len(set(secrets)) == len(secrets)


def test_a_secret_that_another_device_has_is_refused(fleet: Path) -> None:
    before = everything(fleet)
    with pytest.raises(MistakeError) as refused:
        add(fleet, "barn", {"FORESIGHT_DOOR_PASSWORD": "hunter2"})
    assert "FORESIGHT_DOOR_PASSWORD of barn is the same secret as FORESIGHT_DOOR_PASSWORD of shed" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert everything(fleet) == before
    revoke(fleet, "shed")
    add(fleet, "barn", {"FORESIGHT_DOOR_PASSWORD": "hunter2"})


def test_what_the_daemon_would_not_take_is_not_put_in(fleet: Path) -> None:
    before = everything(fleet)
    with pytest.raises(MistakeError, match="the environment has no FORESIGHT_DOOR_PASSWORD"):
        add(fleet, "barn")
    (fleet / TEMPLATE).write_text((fleet / TEMPLATE).read_text() + "wrong_key: 1\n")
    with pytest.raises(MistakeError) as refused:
        add(fleet, "barn", {"FORESIGHT_DOOR_PASSWORD": "hunter3"})
    assert "wrong_key" in str(refused.value)
    assert "hunter3" not in str(refused.value)
    assert {**everything(fleet), TEMPLATE: b""} == {**before, TEMPLATE: b""}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (members.Asked("", "pi4", "all", ()), "name: "),
        (members.Asked("a b", "pi4", "all", ()), "name: "),
        (members.Asked("../x", "pi4", "all", ()), "name: "),
        (members.Asked("groups", "pi4", "all", ()), "taken for topics"),
        (members.Asked("x" * 41, "pi4", "all", ()), "name: "),
        (members.Asked("shed", "pi6", "all", ()), "did you mean pi"),
        (members.Asked("shed", "pi4", "a/b", ()), "group: "),
        (members.Asked("shed", "pi4", "all", ("#",)), "may read"),
        (members.Asked("collector", "pi4", "all", ()), "a host is called collector already"),
    ],
)
def test_names_that_cannot_be_used(fleet: Path, asked: members.Asked, why: str) -> None:
    before = everything(fleet)
    with opened(fleet, nobody, NOW) as workshop, pytest.raises(MistakeError) as refused:
        members.add(workshop, asked, members.Settled("", fleet / TEMPLATE, {}))
    assert why in str(refused.value)
    assert everything(fleet) == before


def test_what_a_device_is_given(fleet: Path) -> None:
    given = delivered(fleet, "shed")
    assert {(one.place, one.mode) for one in given} == set(PLACES.values())
    assert ("/etc/foresight/identity/device.key", 0o600) in {(one.place, one.mode) for one in given}
    assert all(one.source.is_file() for one in given)
    (folder(fleet, "shed") / "device.key").unlink()
    with pytest.raises(MistakeError, match=r"device\.key is missing"):
        delivered(fleet, "shed")
    revoke(fleet, "shed")
    with pytest.raises(MistakeError, match="out of the fleet"):
        delivered(fleet, "shed")


def test_another_configuration_leaves_the_key_and_a_new_key_the_configuration(fleet: Path) -> None:
    key = (folder(fleet, "shed") / "device.key").read_bytes()
    text = (fleet / TEMPLATE).read_text() + "events: {update_interval_s: 20}\n"
    with opened(fleet, nobody, NOW) as workshop:
        values = members.values_now(workshop, "shed")
        members.configure(workshop, "shed", members.Settled(text, fleet / TEMPLATE, values))
    after = folder(fleet, "shed")
    assert ((after / "device.key").read_bytes(), (after.parent / "foresight.yaml").read_text()) == (key, text)
    new = rotate(fleet, "shed")
    assert (new / "device.key").read_bytes() != key
    assert (new.parent / "foresight.yaml").read_text() == text
    assert 'FORESIGHT_DOOR_PASSWORD="hunter2"\n' in (new.parent / "environment").read_text()


def test_what_is_missing_is_told(fleet: Path) -> None:
    here = folder(fleet, "shed")
    (here / "device.key").unlink()
    rotate(fleet, "shed")
    here = folder(fleet, "shed")
    (here.parent / "environment").unlink()
    with pytest.raises(MistakeError, match="environment is missing"):
        rotate(fleet, "shed")
    with opened(fleet, nobody, NOW) as workshop, pytest.raises(MistakeError, match="is a host"):
        members.values_now(workshop, "collector")
    shutil.rmtree(here.parent)
    with pytest.raises(MistakeError, match="is not there any more"):
        delivered(fleet, "shed")


def test_a_full_disk_is_told_and_what_was_done(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_inventory(fleet)

    def full(path: Path, data: bytes) -> None:
        if path.name == "foresight.acl":
            raise OSError(ENOSPC, "No space left on device")
        replace_file(path, data)

    monkeypatch.setattr(files, "replace_file", full)
    with pytest.raises(FirmwareError, match=r"the change is made, but not for the broker yet: .* No space left"):
        add_host(fleet, "other")
    assert [said for said in to_do(fleet, read_inventory(fleet), NOW) if "behind" in said]
    monkeypatch.setattr(files, "replace_file", lambda *_: full(Path("foresight.acl"), b""))
    with pytest.raises(FirmwareError, match=r"host.* cannot be written: No space left"):
        add_host(fleet, "another")
    assert read_inventory(fleet).revision == before.revision + 1
    assert not list((fleet / "hosts").glob("another/*"))


def test_who_is_out_has_nothing_left_and_cannot_be_changed(fleet: Path) -> None:
    revoke(fleet, "collector")
    assert list((fleet / "hosts" / "collector").iterdir()) == []
    with pytest.raises(MistakeError, match="out of the fleet"):
        rotate(fleet, "collector")
    with pytest.raises(MistakeError, match="nobody is called"):
        revoke(fleet, "collectors")
    add_host(fleet, "collector")
    with pytest.raises(MistakeError, match="one certificate only"):
        revoke(fleet, "collector", old=True)
    assert len(read_inventory(fleet).revoked) == 1


def test_an_authority_goes_only_when_nobody_needs_it(fleet: Path) -> None:
    revoke(fleet, "shed")
    with opened(fleet, nobody, NOW) as workshop:
        with pytest.raises(MistakeError, match="one authority only"):
            authorities.retire_authority(workshop)
        workshop_now = authorities.rotate_authority(workshop)
        for change in (authorities.retire_authority, renew):
            with pytest.raises(MistakeError, match="collector would not trust authority 2"):
                change(workshop_now)
    rotate(fleet, "collector")
    with opened(fleet, nobody, NOW) as workshop, pytest.raises(MistakeError, match="broker's certificate"):
        authorities.retire_authority(workshop)
    with opened(fleet, nobody, NOW) as workshop, pytest.raises(MistakeError, match="older certificate"):
        authorities.retire_authority(renew(workshop))
    revoke(fleet, "collector", old=True)
    with opened(fleet, nobody, NOW) as workshop:
        after = authorities.retire_authority(workshop)
    assert [one.number for one in after.inventory.authorities] == [2]
    assert sorted(path.name for path in (fleet / "authority").iterdir()) == ["2.crt", "2.key"]
    assert list(to_do(fleet, after.inventory, NOW)) == []
    add_host(fleet, "other")


def renew(workshop: Workshop) -> Workshop:
    return authorities.renew_broker(workshop, ("localhost",), 8883)


def test_a_key_that_others_may_read_is_not_used(fleet: Path) -> None:
    (fleet / "authority" / "1.key").chmod(0o644)
    with pytest.raises(MistakeError, match="chmod go="):
        add_host(fleet, "collector")
    (fleet / "authority" / "1.key").chmod(0o600)
    fleet.chmod(0o755)
    with pytest.raises(MistakeError, match="open to others"):
        add_host(fleet, "collector")


def test_one_change_at_a_time_and_none_is_lost(fleet: Path) -> None:
    names = [f"h{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: add_host(fleet, name), names))
    inventory = read_inventory(fleet)
    assert [one.name for one in inventory.hosts] == ["collector", *names]
    assert inventory.revision == 3 + 8
    said = pytest.raises(FirmwareError, match="being changed by another command")
    with locked(fleet / ".lock", 1.0), said, opened(fleet, nobody, NOW, wait_s=0.1):
        pass


def test_what_a_kill_left_half_written_goes_with_the_next_change(fleet: Path) -> None:
    left = [
        fleet / ".fleet.json.abcdefgh",
        fleet / "mosquitto" / ".broker.key.abcdefgh",
        fleet / "authority" / ".2.key.abcdefgh",
    ]
    staged = fleet / "hosts" / "other" / "9"
    staged.mkdir(0o700, parents=True)
    for path in (*left, staged / "host.key"):
        path.write_text("secret")
    add_host(fleet, "new")
    assert [path for path in (*left, staged) if path.exists()] == []
    coherent(fleet)


class KilledError(BaseException):
    """The process ends here."""


CHANGES: dict[str, Callable[[Workshop], object]] = {
    "host": lambda workshop: members.add_host(workshop, "other"),
    "device": lambda workshop: members.rotate(workshop, "shed"),
    "out": lambda workshop: members.revoke(workshop, "collector", "key_compromise"),
    "authority": authorities.rotate_authority,
    "broker": renew,
}


def coherent(fleet: Path) -> None:
    """All that the inventory names is there, whole, and fits together."""
    inventory = read_inventory(fleet)
    pairs = {inventory.broker.issued.serial: fleet / "broker" / str(inventory.broker.folder) / "broker"}
    for one in inventory.members:
        if one.issued:
            kind = "host" if one in inventory.hosts else "device"
            pairs[one.issued[-1].serial] = folder(fleet, one.name) / kind
    for serial, path in pairs.items():
        certificate = x509.load_pem_x509_certificate(path.with_suffix(".crt").read_bytes())
        key = load_pem_private_key(path.with_suffix(".key").read_bytes(), None)
        assert f"{certificate.serial_number:x}" == serial
        assert certificate.public_key() == key.public_key()


@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_step_it_is_old_or_new(
    prepared: Path, tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen, over = read_inventory(prepared), list[int](), False
    while not over:
        fleet = tmp_path / str(len(seen))
        shutil.copytree(prepared, fleet)
        over = killed(fleet, change, len(seen), monkeypatch)
        now = read_inventory(fleet)
        coherent(fleet)
        assert now == before or now.revision == before.revision + 1
        seen.append(now.revision - before.revision)
        with opened(fleet, nobody, NOW) as workshop:  # the next one mends what was left
            workshop.write_broker()
        assert not [said for said in to_do(fleet, now, NOW) if "behind" in said]
        if now == before:
            with opened(fleet, nobody, NOW) as workshop:  # and what was cut off can be done
                CHANGES[change](workshop)
            coherent(fleet)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen.count(1) > 6  # the inventory first, and then each of the broker's files


def killed(fleet: Path, change: str, step: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Make a change and end it before one of its writes; whether it was over by then."""
    left = step

    def counted(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError
        replace_file(path, data)

    with monkeypatch.context() as patched, opened(fleet, nobody, NOW) as workshop:
        patched.setattr(files, "replace_file", counted)
        try:
            CHANGES[change](workshop)
        except KilledError:
            return False
        return True
