"""What is served already is served for longer: with the keys that are on line, whatever waits for others."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from firmware_tools.errors import MistakeError
from firmware_tools.release import lists, publishing
from firmware_tools.release.keys import new_key
from firmware_tools.release.lifetimes import wall_clock
from firmware_tools.release.repository import Repository
from firmware_tools.release.rotating import Rotation, renew, rotate
from firmware_tools.release.signing import sign
from firmware_tools.release.status import status
from tests.rigs.releases import CONTENT, Workshop, fetched


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


@pytest.mark.parametrize("renewed", [Workshop.publish, Workshop.renew])
def test_renewing_the_timestamp_needs_its_key_alone(workshop: Workshop, renewed: Callable[..., None]) -> None:
    renewed(workshop, ["timestamp"])
    told = {one.role: one.version for one in status(workshop.repository, wall_clock()).lists}
    assert told == {"root": 1, "targets": 1, "snapshot": 1, "timestamp": 2}
    with pytest.raises(MistakeError, match="snapshot lacks"):  # half of its time is over
        renewed(workshop, ["timestamp"], ago=timedelta(days=-16))
    renewed(workshop, ago=timedelta(days=-16))
    assert status(workshop.repository, wall_clock()).lists[2].version == 2


def test_what_waits_for_signatures_is_not_renewed_away(workshop: Workshop, tmp_path: Path) -> None:
    """Else a release that is half signed would let what is served expire."""
    workshop.release()
    workshop.add(b"newer: 2\n")
    rotate(workshop.repository, Rotation("root", [], [], 0), wall_clock())
    with pytest.raises(MistakeError, match="root lacks"):
        workshop.publish()
    workshop.renew(["timestamp"])
    told = {one.role: one.version for one in status(workshop.repository, wall_clock()).lists}
    assert told == {"root": 1, "targets": 2, "snapshot": 2, "timestamp": 3}
    assert fetched(workshop, tmp_path / "before") == CONTENT
    sign(workshop.repository, [workshop.key(name) for name in ("targets-1", "root-1", "root-2")])
    workshop.publish()
    assert fetched(workshop, tmp_path / "after") == b"newer: 2\n"


def test_half_a_publication_is_not_served_for_longer(workshop: Workshop, tmp_path: Path) -> None:
    """Of one that changes the keys of targets: what is served by then is not signed by the new ones."""
    workshop.release()
    other = new_key(tmp_path / "other.pem", "")
    rotate(
        workshop.repository,
        Rotation("targets", [other.public_key], [workshop.key("targets-1").public_key.keyid], 0),
        wall_clock(),
    )
    sign(workshop.repository, [workshop.key("root-1"), workshop.key("root-2"), other])
    staged = lists.staged_root(workshop.repository)
    assert staged is not None
    lists.write_list(workshop.repository.metadata / "2.root.json", staged)  # and then it was cut off
    with pytest.raises(MistakeError, match="cut off"):
        workshop.renew()
    workshop.publish()
    workshop.renew()
    assert fetched(workshop, tmp_path / "rig") == CONTENT


def test_before_the_first_publication_nothing_is_renewed(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match="release init"):
        publishing.renew_timestamp(Repository(tmp_path), [], wall_clock())


def test_lists_are_renewed_as_they_are(workshop: Workshop, tmp_path: Path) -> None:
    workshop.release()
    later = wall_clock() + timedelta(days=300)
    renew(workshop.repository, "targets", later)
    sign(workshop.repository, [workshop.key("targets-1")])
    workshop.publish()
    renew(workshop.repository, "root", later)
    sign(workshop.repository, [workshop.key("root-1"), workshop.key("root-2")])
    workshop.publish(["timestamp"])
    root, targets, *_ = status(workshop.repository, wall_clock()).lists
    assert (root.version, targets.version) == (2, 3)
    assert root.expires - later > timedelta(days=729)
    assert targets.expires - later > timedelta(days=364)
    for role in ("snapshot", "mirror"):
        with pytest.raises(MistakeError, match="not renewed"):
            renew(workshop.repository, role, later)
