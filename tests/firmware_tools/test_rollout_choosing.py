"""Whose devices, in which order, and for whom a release is not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.contracts.release import Kind
from firmware_tools.errors import MistakeError
from firmware_tools.identity.records import Authority, Broker, Device, Host, Inventory, Issued
from firmware_tools.rollout.choosing import Candidate, in_order, names_in, of_inventory, suitable
from tests.rigs.releases import purpose

UNTIL = datetime(2029, 1, 1, tzinfo=UTC)


def issued(serial: int) -> Issued:
    return Issued(serial=f"{serial:x}", authority=1, until=UNTIL)


def inventory() -> Inventory:
    lives = {
        "shed": ("pi4", "outdoors"),
        "barn": ("pi5", "outdoors"),
        "hall": ("pi4", "indoors"),
        "lost": ("pi4", "all"),
    }
    devices = tuple(
        Device(
            name=name,
            issued=() if name == "lost" else (issued(number + 10),),
            folder=1,
            board=board,
            group=group,
            reads=(),
        )
        for number, (name, (board, group)) in enumerate(lives.items())
    )
    return Inventory(
        v=1,
        fleet="home",
        revision=1,
        broker=Broker(names=("broker.lan",), port=8883, issued=issued(1), folder=1),
        authorities=(Authority(number=1, until=UNTIL + timedelta(days=1)),),
        devices=devices,
        hosts=(Host(name="rollout", issued=(issued(2),), folder=1),),
        revoked=(),
    )


@pytest.mark.parametrize(
    ("groups", "names", "chosen"),
    [
        ([], [], ["shed", "barn", "hall"]),
        (["outdoors"], [], ["shed", "barn"]),
        ([], ["hall"], ["hall"]),
        (["indoors"], ["barn"], ["barn", "hall"]),
    ],
)
def test_devices_of_the_inventory(groups: list[str], names: list[str], chosen: list[str]) -> None:
    assert [one.name for one in of_inventory(inventory(), groups, names)] == chosen


@pytest.mark.parametrize(
    ("groups", "names", "said"),
    [
        (["garden"], [], "no device is in the group 'garden'; groups are indoors, outdoors"),
        (["all"], [], "no device is in the group 'all'"),  # the only one there is out of the fleet
        ([], ["shet"], "did you mean shed"),
        ([], ["lost"], "lost is out of the fleet"),
        ([], ["rollout"], "rollout is a host"),
    ],
)
def test_who_cannot_be_chosen(groups: list[str], names: list[str], said: str) -> None:
    with pytest.raises(MistakeError, match=said):
        of_inventory(inventory(), groups, names)


def test_names_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_text("")
    assert names_in(path) == []
    path.write_text("# the north\nshed\n\n  barn  # by the lake\n")
    assert names_in(path) == ["shed", "barn"]


def test_for_whom_a_release_is() -> None:
    every = of_inventory(inventory(), [], [])
    shape = purpose(kind=Kind.CONFIGURATION, boards=("pi4",))
    outside = purpose(kind=Kind.CONFIGURATION, groups=("outdoors",))
    assert suitable([], {"x": shape}) == ([], {})
    assert suitable(every, {"x": purpose()}) == (every, {})
    fits, left_out = suitable(every, {"x": shape, "y": outside})
    assert [one.name for one in fits] == ["shed"]
    assert left_out == {
        "barn": "x is for pi4, and this is a pi5",
        "hall": "y is for the groups outdoors, and this is in indoors",
    }
    assert suitable([Candidate("yard", "", "")], {"x": shape}) == ([Candidate("yard", "", "")], {})  # nobody knows


def test_the_order() -> None:
    many = [Candidate(f"d{number:02}", "pi5" if number % 10 == 0 else "pi4", "all") for number in range(40)]
    assert in_order([], [], "autumn") == []
    order = in_order(many, [], "autumn")
    assert sorted(order) == sorted(one.name for one in many)
    assert sum(int(name[1:]) % 10 == 0 for name in order[:4]) == 2  # boards in turns: rare ones are among the first
    assert in_order(reversed(many), [], "autumn") == order
    assert in_order(many, [], "winter") != order
    named = in_order(many, ["d07", "d31", "d07"], "autumn")
    assert named == ["d07", "d31", *(name for name in order if name not in {"d07", "d31"})]
    with pytest.raises(MistakeError, match="the canary 'd99' is not among"):
        in_order(many, ["d99"], "autumn")
