"""Devices and hosts of a fleet: put in, given new keys, put out; no two share a secret."""

import shutil
from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.identity import authorities, members
from firmware_tools.identity.delivery import PLACES, delivered
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.shown import to_do
from firmware_tools.identity.workshop import opened
from tests.rigs.fleet import NOW, add, add_host, folder, nobody, prepared, renew, revoke, rotate

TEMPLATE = "template.yaml"


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
