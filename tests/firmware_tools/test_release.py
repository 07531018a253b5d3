"""A repository from its beginning: what is signed by enough is served, and nothing else is."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Root, Snapshot

from edge.contracts.release import Kind, Purpose
from edge.updates.trust.refusal import Reason, RefusedError
from firmware_tools.broker import PasswordAccess, endpoint
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release import lists
from firmware_tools.release.adding import add, remove
from firmware_tools.release.keys import new_key
from firmware_tools.release.lifetimes import wall_clock
from firmware_tools.release.naming import kind_of, name_of
from firmware_tools.release.publishing import Published, publish
from firmware_tools.release.rotating import Rotation, rotate
from firmware_tools.release.shown import as_json
from firmware_tools.release.signing import sign, standings
from firmware_tools.release.status import status
from tests.paths import REPOSITORY
from tests.rigs.releases import CONTENT, NAME, Workshop, fetched, purpose

STREET = REPOSITORY / "edge" / "demo" / "shipped" / "street.tflite"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


def test_nothing_is_served_before_it_is_signed(workshop: Workshop, tmp_path: Path) -> None:
    before = workshop.served()
    workshop.add()
    assert status(workshop.repository, wall_clock()).changes == (f"new: {NAME}",)
    with pytest.raises(MistakeError, match="targets lacks 1 signature"):
        workshop.publish()
    assert workshop.served() == before
    assert standings(workshop.repository)["targets"].missing == 1
    assert sign(workshop.repository, [workshop.key("targets-1")])["targets"].missing == 0
    with pytest.raises(MistakeError, match="snapshot lacks 1 signature"):
        workshop.publish(["timestamp"])
    with pytest.raises(MistakeError, match="timestamp lacks 1 signature"):
        workshop.publish(["snapshot"])
    assert workshop.served() == before
    workshop.publish()
    assert fetched(workshop, tmp_path / "rig") == CONTENT
    with pytest.raises(MistakeError, match="nothing waits"):
        sign(workshop.repository, [workshop.key("targets-1")])


@pytest.mark.parametrize("kind", list(Kind))
def test_a_pipe_is_not_waited_for(workshop: Workshop, kind: Kind) -> None:
    os.mkfifo(workshop.folder / "pipe")
    with pytest.raises(MistakeError, match=r"no (regular )?file"):
        add(workshop.repository, workshop.folder / "pipe", NAME, purpose(kind=kind, boards=("pi4",)), wall_clock())


def test_a_version_that_devices_could_not_order_is_not_released(workshop: Workshop) -> None:
    with pytest.raises(MistakeError, match="is no version"):
        workshop.add(version="2026.11.22.9.30")


@pytest.mark.parametrize("content", [b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_an_authority_that_is_none_is_told_in_words(workshop: Workshop, content: bytes) -> None:
    authority = workshop.folder / "ca.pem"
    authority.write_bytes(content)
    with pytest.raises(MistakeError, match=r"ca\.pem is no certificate in PEM"):
        endpoint(PasswordAccess(address="localhost:1", ca_file=authority))


def test_the_password_of_a_broker(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    access = PasswordAccess(address="x:1", username="me", password_file=tmp_path / "password")
    assert endpoint(access).password == "open sesame"
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "long").write_bytes(b"x" * (1 << 17))
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, why in (("pipe", "it is no file"), ("long", "more than"), ("binary", "decode"), ("none", "No such file")):
        with pytest.raises(MistakeError, match=why):
            endpoint(access.model_copy(update={"password_file": tmp_path / name}))


def test_a_key_that_may_sign_nothing_is_a_mistake(workshop: Workshop) -> None:
    workshop.add()
    with pytest.raises(MistakeError, match="may sign nothing"):
        sign(workshop.repository, [workshop.key("root-1")])


def test_a_change_after_a_signature_needs_another(workshop: Workshop) -> None:
    workshop.add()
    sign(workshop.repository, [workshop.key("targets-1")])
    workshop.add(b"other: 1\n", "configurations/other.yaml")
    with pytest.raises(MistakeError, match="lacks 1"):
        workshop.publish()


def test_a_clock_that_is_behind_publishes_nothing(workshop: Workshop) -> None:
    before = workshop.served()
    with pytest.raises(MistakeError, match="set it right"):
        workshop.publish(ago=timedelta(days=1))
    assert workshop.served() == before


def test_expiry_is_told(workshop: Workshop) -> None:
    told = status(workshop.repository, wall_clock() + timedelta(days=6))
    assert [one.role for one in told.lists if one.soon] == ["timestamp"]
    assert [one.role for one in told.lists if one.expired] == []
    told = status(workshop.repository, wall_clock() + timedelta(days=31))
    assert [one.role for one in told.lists if one.expired] == ["snapshot", "timestamp"]


def test_a_file_is_replaced_and_removed(workshop: Workshop, tmp_path: Path) -> None:
    workshop.release()
    workshop.release(b"newer: 2\n", version="2", boards=("pi5",))
    (file,) = status(workshop.repository, wall_clock()).files
    assert (file.purpose.version, file.purpose.boards, file.length) == ("2", ("pi5",), 9)
    assert sum(path.endswith(".door.yaml") for path in workshop.served()) == 2  # who is at the old list still gets it
    remove(workshop.repository, NAME, wall_clock())
    assert status(workshop.repository, wall_clock()).changes == (f"removed: {NAME}",)
    sign(workshop.repository, [workshop.key("targets-1")])
    workshop.publish()
    with pytest.raises(RefusedError) as caught:
        fetched(workshop, tmp_path / "rig")
    assert caught.value.reason is Reason.UNKNOWN
    with pytest.raises(MistakeError, match="no release is called"):
        remove(workshop.repository, NAME, wall_clock())


def test_a_model_says_itself_what_it_is_for(workshop: Workshop, tmp_path: Path) -> None:
    asked = Purpose(Kind.MODEL, "", "", "", (), ())
    told = add(workshop.repository, STREET, "models/street.tflite", asked, wall_clock())
    assert (told.task, bool(told.version)) == ("detector", True)
    sign(workshop.repository, [workshop.key("targets-1")])
    workshop.publish()
    assert fetched(workshop, tmp_path / "rig", "models/street.tflite") == STREET.read_bytes()
    with pytest.raises(MistakeError, match="by its own words"):
        add(workshop.repository, STREET, "x", Purpose(Kind.MODEL, "classifier", "", "", (), ()), wall_clock())


@pytest.mark.parametrize(
    ("content", "asked", "name", "said"),
    [
        (b"", purpose(), NAME, "no configuration"),
        (b"- a\n", purpose(), NAME, "no configuration"),
        (b"a: [", purpose(), NAME, "as YAML"),
        (b"\xff\xff", purpose(), NAME, "as YAML"),
        (b"[" * 5000, purpose(), NAME, "as YAML"),
        (CONTENT, purpose(version=""), NAME, "version"),
        (CONTENT, purpose(minimum_daemon="soon"), NAME, "version"),
        (CONTENT, purpose(task="detector"), NAME, "task"),
        (CONTENT, purpose(boards=("pi6",)), NAME, "pi6"),
        (CONTENT, purpose(groups=("a b",)), NAME, "groups"),
        (CONTENT, purpose(), "", "no name"),
        (CONTENT, purpose(), "../x", "no name"),
        (CONTENT, purpose(), "/x", "no name"),
        (CONTENT, purpose(), "a//x", "no name"),
        (CONTENT, purpose(), ".x", "no name"),
        (CONTENT, purpose(), "x y", "no name"),
        (CONTENT, purpose(kind=Kind.MODEL), NAME, "it"),
        (CONTENT, purpose(kind=Kind.SYSTEM, boards=("pi4",)), NAME, "RAUC"),
        (b"hsqs....", purpose(kind=Kind.SYSTEM), NAME, "--board"),
    ],
)
def test_what_cannot_be_released(workshop: Workshop, content: bytes, asked: Purpose, name: str, said: str) -> None:
    file = workshop.folder / "it"
    file.write_bytes(content)
    with pytest.raises(MistakeError, match=said):
        add(workshop.repository, file, name, asked, wall_clock())
    assert standings(workshop.repository) == {}
    with pytest.raises(MistakeError):
        add(workshop.repository, workshop.folder / "nothing", name, asked, wall_clock())
    with pytest.raises(MistakeError):
        add(workshop.repository, workshop.folder, name, asked, wall_clock())


def test_a_bundle_of_a_system(workshop: Workshop, tmp_path: Path) -> None:
    workshop.release(b"hsqs" + bytes(99), "systems/x.raucb", kind=Kind.SYSTEM, boards=("pi4",))
    assert fetched(workshop, tmp_path / "rig", "systems/x.raucb") == b"hsqs" + bytes(99)


def test_a_staged_file_that_was_changed_is_not_served(workshop: Workshop) -> None:
    workshop.add()
    sign(workshop.repository, [workshop.key("targets-1")])
    (staged,) = workshop.repository.files.iterdir()
    staged.write_bytes(b"x" * len(CONTENT))
    before = workshop.served()
    with pytest.raises(FirmwareError, match="has changed"):
        workshop.publish()
    assert workshop.served() == before
    staged.unlink()
    with pytest.raises(FirmwareError, match="add the file again"):
        workshop.publish()


class PowerCutError(Exception):
    """The power is cut."""


def test_a_publication_that_is_killed_is_run_again(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each list that it writes: a device gets the old or the new file, and the next run completes it."""
    write, left, got = lists.write_list, [0], []

    def failing(path: Path, metadata: lists.AnyList) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCutError
        write(path, metadata)

    for steps in range(9):
        workshop.release(b"old: 1\n", version=f"{steps}.1")
        key = new_key(workshop.keys / f"root-new-{steps}.pem", "").public_key
        rotate(workshop.repository, Rotation("root", [key], [], 2), wall_clock())
        workshop.add(b"new: 1\n", version=f"{steps}.2")
        sign(workshop.repository, [workshop.key(name) for name in ("root-1", "root-2", "targets-1")])
        with monkeypatch.context() as patch:
            left[0] = steps
            patch.setattr(lists, "write_list", failing)
            try:
                workshop.publish()
                cut = False
            except PowerCutError:
                cut = True
        got.append(fetched(workshop, tmp_path / f"cut-{steps}"))
        workshop.publish()
        assert fetched(workshop, tmp_path / f"whole-{steps}") == b"new: 1\n"
        assert standings(workshop.repository) == {}
        if not cut:
            break
    assert set(got) == {b"old: 1\n", b"new: 1\n"}
    assert not cut


def test_damaged_lists_are_told_in_words(workshop: Workshop) -> None:
    now = wall_clock()
    for name in ("metadata/1.root.json", "metadata/1.targets.json", "metadata/timestamp.json"):
        path = workshop.repository.public / name
        before = path.read_bytes()
        path.write_bytes(before[:-20])
        with pytest.raises(FirmwareError, match=path.name.replace(".", r"\.")):
            status(workshop.repository, now)
        path.write_bytes(before)
    workshop.repository.lifetimes.write_text("{}")
    with pytest.raises(MistakeError, match="lifetimes"):
        workshop.publish()


def test_versions_never_begin_anew_where_the_timestamp_is_gone(workshop: Workshop) -> None:
    workshop.release()
    workshop.add(b"new: 1\n")
    sign(workshop.repository, [workshop.key("targets-1")])
    path = workshop.repository.metadata / "timestamp.json"
    before = path.read_bytes()
    path.unlink()
    for ask in (workshop.publish, lambda: status(workshop.repository, wall_clock())):
        with pytest.raises(FirmwareError, match=r"timestamp\.json is gone; restore it"):
            ask()
    path.write_bytes(before)
    workshop.publish()
    assert [one.version for one in status(workshop.repository, wall_clock()).lists] == [1, 3, 3, 3]


def test_copies_that_somebody_left_beside_the_roots_are_passed_over(workshop: Workshop) -> None:
    for name in ("1 (copy).root.json", "old.root.json"):
        (workshop.repository.metadata / name).write_text("{}")
    assert status(workshop.repository, wall_clock()).lists[0].version == 1


def test_a_publication_that_was_killed_at_its_very_end_is_complete(workshop: Workshop, tmp_path: Path) -> None:
    """What is staged is served already: the next change makes a new version, not another of the same number."""
    workshop.add()
    sign(workshop.repository, [workshop.key("targets-1")])
    left = (workshop.repository.staged / "targets.json").read_bytes()
    workshop.publish()
    (workshop.repository.staged / "targets.json").write_bytes(left)
    assert status(workshop.repository, wall_clock()).staged == ()
    workshop.release(b"newer: 2\n")
    assert status(workshop.repository, wall_clock()).lists[1].version == 3
    assert fetched(workshop, tmp_path / "rig") == b"newer: 2\n"


def test_two_at_a_time(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_tools.release.repository.LOCK_S", 0.01)
    with workshop.repository.alone(), pytest.raises(MistakeError, match="in use"):
        workshop.publish()


def test_what_is_written_is_as_the_standard_has_it(workshop: Workshop) -> None:
    """Consistent snapshots, hashes and lengths in every list that names others, modes that a web server can read."""
    workshop.release()
    root = Metadata[Root].from_file(str(workshop.repository.metadata / "1.root.json")).signed
    snapshot = Metadata[Snapshot].from_file(str(workshop.repository.metadata / "2.snapshot.json")).signed
    assert root.consistent_snapshot
    assert snapshot.meta["targets.json"].length
    assert snapshot.meta["targets.json"].hashes
    assert {path.stat().st_mode & 0o777 for path in workshop.repository.public.rglob("*") if path.is_file()} == {0o644}


def test_status_as_json(workshop: Workshop) -> None:
    workshop.release(boards=("pi4",))
    workshop.add(b"newer: 2\n")
    told = json.loads(as_json(status(workshop.repository, wall_clock())))
    assert told["files"][0]["purpose"]["boards"] == ["pi4"]
    assert told["staged"][0]["missing"] == 1
    assert set(told) == {"lists", "staged", "files", "changes"}


def test_names() -> None:
    assert (kind_of(Path("a.tflite"), ""), kind_of(Path("a.bin"), "system")) == (Kind.MODEL, Kind.SYSTEM)
    assert name_of(Path("/x/a.tflite"), Kind.MODEL) == "models/a.tflite"
    for file, named in ((Path("a.bin"), ""), (Path("a.tflite"), "program")):
        with pytest.raises(MistakeError):
            kind_of(file, named)


def test_what_was_published_is_told(workshop: Workshop) -> None:
    told = publish(workshop.repository, [workshop.key("timestamp")], wall_clock())
    assert told == Published(root=1, targets=1, snapshot=1, timestamp=2)
