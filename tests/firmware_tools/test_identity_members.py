"""Devices and hosts of a fleet: put in, given new keys, put out; no two share a secret."""

import shutil
from pathlib import Path

import pytest

from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.identity import authorities, members
from firmware_tools.identity.delivery import PLACES, delivered
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.settling import Draft, Template, refuse_shared
from firmware_tools.identity.shown import to_do
from firmware_tools.identity.transaction import opened
from tests.rigs.fleet import NOW, add, add_host, folder, nobody, prepared, renew, revoke, rotate

TEMPLATE, PASSWORD = "template.yaml", "FORESIGHT_DOOR_PASSWORD"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("original") / "fleet")


@pytest.fixture
def fleet(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path / "fleet")
    return tmp_path / "fleet"


def everything(fleet: Path) -> dict[str, bytes]:
    return {str(path.relative_to(fleet)): path.read_bytes() for path in fleet.rglob("*") if path.is_file()}


def test_no_two_devices_share_a_secret(fleet: Path) -> None:
    for number in range(2):
        add(fleet, f"d{number}", {"FORESIGHT_DOOR_PASSWORD": f"hunter{number}"})
    rotate(fleet, "d1")
    same = ("-----", "FORESIGHT_BOARD", "FORESIGHT_BROKER", "FORESIGHT_GROUP", "FORESIGHT_IDENTITY", "FORESIGHT_MODELS")
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
    assert not (fleet / "devices" / "barn").exists()
    revoke(fleet, "shed")
    add(fleet, "barn", {"FORESIGHT_DOOR_PASSWORD": "hunter2"})


def test_every_secret_of_a_value_counts(fleet: Path) -> None:
    """One whose name says that it is one, and that has two logins in it."""
    devices = [
        Draft(
            device.model_copy(update={"name": name}), {"FORESIGHT_KEYS": f"rtsp://a:{word}@b rtsp://a:its-{name}@b"}, {}
        )
        for name, word in (("barn", "the-same"), ("attic", "the-same"))
        for device in read_inventory(fleet).devices
    ]
    with opened(fleet, nobody, NOW) as transaction, pytest.raises(MistakeError, match="of attic is the same secret"):
        refuse_shared(transaction, devices)


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


def new(fleet: Path, *devices: tuple[str, str]) -> None:
    """Devices put in at once, by name and password."""
    template = Template((fleet / TEMPLATE).read_text(), fleet / TEMPLATE)
    wanted = [members.NewDevice(name, "pi4", "all", (), {"FORESIGHT_DOOR_PASSWORD": word}) for name, word in devices]
    with opened(fleet, nobody, NOW) as transaction:
        members.add(transaction, wanted, template)


def test_many_are_put_in_by_one_change(fleet: Path) -> None:
    names = [f"d{number:02}" for number in range(20)]
    revision = read_inventory(fleet).revision
    new(fleet, *((name, f"word-of-{name}") for name in names))
    inventory = read_inventory(fleet)
    assert inventory.revision == revision + 1
    assert [one.name for one in inventory.devices] == [*names, "shed"]
    for name in names:
        environment = (folder(fleet, name).parent / "environment").read_text()
        assert f'FORESIGHT_DEVICE="{name}"\n' in environment
        assert f'FORESIGHT_DOOR_PASSWORD="word-of-{name}"\n' in environment
    keys = {(folder(fleet, name) / "device.key").read_bytes() for name in names}
    assert len(keys) == 20
    assert (fleet / "mosquitto" / "foresight.acl").read_text().count("\nuser ") == 22


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (("barn", "hunter4"), "barn is named twice"),
        (("shed", "hunter4"), "a device is called shed already"),
        (("attic", "hunter3"), f"{PASSWORD} of attic is the same secret as {PASSWORD} of barn"),
        (("attic", "hunter2"), f"{PASSWORD} of attic is the same secret as {PASSWORD} of shed"),
        (("attic", "no word"), "the daemon of attic would not take this configuration"),
    ],
)
def test_of_many_all_are_put_in_or_none(fleet: Path, second: tuple[str, str], why: str) -> None:
    before = everything(fleet)
    with pytest.raises(MistakeError, match=why) as refused:
        new(fleet, ("barn", "hunter3"), second)
    assert "hunter" not in str(refused.value)
    assert everything(fleet) == before


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (members.NewDevice("", "pi4", "all", (), {}), "name: "),
        (members.NewDevice("a b", "pi4", "all", (), {}), "name: "),
        (members.NewDevice("../x", "pi4", "all", (), {}), "name: "),
        (members.NewDevice("groups", "pi4", "all", (), {}), "taken for topics"),
        (members.NewDevice("x" * 41, "pi4", "all", (), {}), "name: "),
        (members.NewDevice("shed", "pi6", "all", (), {}), "did you mean pi"),
        (members.NewDevice("shed", "pi4", "a/b", (), {}), "group: "),
        (members.NewDevice("shed", "pi4", "all", ("#",), {}), "may read"),
        (members.NewDevice("collector", "pi4", "all", (), {}), "a host is called collector already"),
    ],
)
def test_names_that_cannot_be_used(fleet: Path, wanted: members.NewDevice, why: str) -> None:
    before = everything(fleet)
    with opened(fleet, nobody, NOW) as transaction, pytest.raises(MistakeError) as refused:
        members.add(transaction, [wanted], Template("", fleet / TEMPLATE))
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
    with opened(fleet, nobody, NOW) as transaction:
        values = members.values_now(transaction, "shed")
        members.configure(transaction, "shed", Template(text, fleet / TEMPLATE), values)
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
    with opened(fleet, nobody, NOW) as transaction, pytest.raises(MistakeError, match="is a host"):
        members.values_now(transaction, "collector")
    shutil.rmtree(here.parent)
    with pytest.raises(MistakeError, match=r"is not there any more.* provision revoke shed, provision add"):
        delivered(fleet, "shed")
    assert any("is not there any more" in said for said in to_do(fleet, read_inventory(fleet), NOW))


def test_a_lost_key_of_the_broker_is_made_anew(fleet: Path) -> None:
    shutil.rmtree(fleet / "broker")
    with pytest.raises(FirmwareError, match=r"broker/1 is not there any more.* provision broker --renew"):
        add_host(fleet, "other")
    with opened(fleet, nobody, NOW) as transaction:
        renew(transaction)
    assert list(to_do(fleet, read_inventory(fleet), NOW)) == []


def test_a_lost_key_of_the_authority_is_not(fleet: Path) -> None:
    (fleet / "authority" / "1.key").unlink()
    with pytest.raises(MistakeError, match=r"1\.key is not there; bring it back from a copy"):
        add_host(fleet, "other")


def test_who_has_the_broker_s_old_address_is_told(fleet: Path) -> None:
    with opened(fleet, nobody, NOW) as transaction:
        authorities.renew_broker(transaction, ("new.lan", "localhost"), 8883)
    assert list(to_do(fleet, read_inventory(fleet), NOW)) == []  # the old name is one of its names still
    with opened(fleet, nobody, NOW) as transaction:
        authorities.renew_broker(transaction, ("new.lan",), 8884)
    (said,) = to_do(fleet, read_inventory(fleet), NOW)
    assert said.startswith("shed goes to localhost:8883, where no broker is now")
    with opened(fleet, nobody, NOW) as transaction:
        template = fleet / TEMPLATE
        own = members.values_now(transaction, "shed")
        members.configure(transaction, "shed", Template(template.read_text(), template), own)
    assert list(to_do(fleet, read_inventory(fleet), NOW)) == []


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
    with opened(fleet, nobody, NOW) as transaction:
        with pytest.raises(MistakeError, match="one authority only"):
            authorities.retire_authority(transaction)
        transaction_now = authorities.rotate_authority(transaction)
        for change in (authorities.retire_authority, renew):
            with pytest.raises(MistakeError, match="collector would not trust authority 2"):
                change(transaction_now)
    rotate(fleet, "collector")
    with opened(fleet, nobody, NOW) as transaction, pytest.raises(MistakeError, match="broker's certificate"):
        authorities.retire_authority(transaction)
    with opened(fleet, nobody, NOW) as transaction, pytest.raises(MistakeError, match="older certificate"):
        authorities.retire_authority(renew(transaction))
    revoke(fleet, "collector", old=True)
    with opened(fleet, nobody, NOW) as transaction:
        after = authorities.retire_authority(transaction)
    assert [one.number for one in after.inventory.authorities] == [2]
    assert sorted(path.name for path in (fleet / "authority").iterdir()) == ["2.crt", "2.key"]
    assert list(to_do(fleet, after.inventory, NOW)) == []
    add_host(fleet, "other")
