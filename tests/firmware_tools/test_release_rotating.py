"""Keys of a release repository change hands."""

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.release import lists
from firmware_tools.release.keys import new_key
from firmware_tools.release.lifetimes import wall_clock
from firmware_tools.release.rotating import Rotation, rotate
from firmware_tools.release.signing import sign, standings
from firmware_tools.release.status import status
from tests.rigs.releases import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


def test_root_needs_old_and_new_holders(workshop: Workshop) -> None:
    old = lists.coming_root(workshop.repository).signed.roles["root"].keyids
    keys = [new_key(workshop.keys / f"new-{number}.pem", "").public_key for number in (1, 2)]
    rotate(workshop.repository, Rotation("root", keys, old, 2), wall_clock())
    for signers, missing in ((["root-1"], 2), (["root-3"], 2), (["new-1"], 1)):
        sign(workshop.repository, [workshop.key(name) for name in signers])
        assert standings(workshop.repository)["root"].missing == missing
        with pytest.raises(MistakeError, match="new root lacks"):
            workshop.publish()
    sign(workshop.repository, [workshop.key("new-2")])
    workshop.publish()
    told = status(workshop.repository, wall_clock()).lists[0]
    assert (told.version, set(told.keys)) == (2, {key.keyid for key in keys})


def test_several_rotations_make_one_root(workshop: Workshop) -> None:
    for role in ("snapshot", "timestamp"):
        key = new_key(workshop.keys / f"{role}-2.pem", "").public_key
        rotate(workshop.repository, Rotation(role, [key], [], 0), wall_clock())
    sign(workshop.repository, [workshop.key("root-2"), workshop.key("root-3")])
    workshop.publish(["snapshot-2", "timestamp-2"])
    told = {one.role: (one.version, len(one.keys)) for one in status(workshop.repository, wall_clock()).lists}
    assert told == {"root": (2, 3), "targets": (1, 1), "snapshot": (1, 2), "timestamp": (2, 2)}


@pytest.mark.parametrize(
    "change",
    [
        lambda _: Rotation("mirror", [], [], 1),
        lambda _: Rotation("root", [], [], 4),
        lambda keyid: Rotation("timestamp", [], [keyid], 0),  # nobody left
        lambda keyid: Rotation("timestamp", [], [keyid[:7]], 0),
        lambda _: Rotation("timestamp", [], ["0" * 64], 0),
        lambda keyid: Rotation("snapshot", [], [keyid], 0),
    ],
)
def test_rotations_that_cannot_be(workshop: Workshop, change: Callable[[str], Rotation]) -> None:
    keyid = workshop.key("timestamp").public_key.keyid
    with pytest.raises(MistakeError):
        rotate(workshop.repository, change(keyid), wall_clock())
    assert standings(workshop.repository) == {}
