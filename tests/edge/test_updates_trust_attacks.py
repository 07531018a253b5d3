"""The attacks that TUF names, one by one, against the device's trust: none gets anything in."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from tuf.api.metadata import Metadata, MetaFile, Root, Timestamp

from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.releases import Releases
from firmware_tools.release.keys import new_key
from firmware_tools.release.lifetimes import Lifetimes
from firmware_tools.release.rotating import Rotation, rotate
from firmware_tools.release.signing import sign
from tests.rigs.releases import CONTENT, NAME, DeviceRig, Served, Workshop, now, resigned

FAR = 2**30  # a version that nobody reaches
TIMESTAMP = "metadata/timestamp.json"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = Workshop(tmp_path / "workshop")
    made.release()
    return made


@pytest.fixture
def rig(tmp_path: Path, workshop: Workshop) -> DeviceRig:
    return DeviceRig(tmp_path / "rig", workshop)


def got(releases: Releases, name: str = NAME) -> bytes:
    """The file, as a device comes to it."""
    releases.refresh()
    return releases.fetch(releases.find(name)).path.read_bytes()


def refused(releases: Releases) -> Reason:
    with pytest.raises(RefusedError) as caught:
        got(releases)
    return caught.value.reason


def target_path(served: dict[str, bytes]) -> str:
    return next(path for path in served if path.endswith(".door.yaml"))


def test_no_attack(workshop: Workshop, rig: DeviceRig) -> None:
    assert got(rig.boot(Served(workshop.served()))) == CONTENT
    assert got(rig.boot(Served(workshop.served()))) == CONTENT


def test_rollback_of_everything(workshop: Workshop, rig: DeviceRig) -> None:
    old = workshop.served()
    workshop.release(b"newer: 2\n")
    assert got(rig.boot(Served(workshop.served()))) == b"newer: 2\n"
    assert refused(rig.boot(Served(old))) is Reason.ROLLBACK


def test_rollback_of_the_snapshot_by_a_stolen_timestamp_key(workshop: Workshop, rig: DeviceRig) -> None:
    old = workshop.served()
    workshop.release(b"newer: 2\n")
    new = workshop.served()
    got(rig.boot(Served(new)))
    meta = Metadata[Timestamp].from_bytes(old[TIMESTAMP]).signed.snapshot_meta
    forged = resigned(new[TIMESTAMP], workshop.key("timestamp"), version=FAR, snapshot_meta=meta)
    assert refused(rig.boot(Served({**new, TIMESTAMP: forged}))) is Reason.ROLLBACK


def test_rollback_of_the_targets_by_stolen_online_keys(workshop: Workshop, rig: DeviceRig) -> None:
    old = workshop.served()
    workshop.release(b"newer: 2\n")
    new = workshop.served()
    got(rig.boot(Served(new)))
    targets = MetaFile.from_data(2, old["metadata/2.targets.json"], ["sha256"])
    snapshot = resigned(
        new["metadata/3.snapshot.json"], workshop.key("snapshot"), version=9, meta={"targets.json": targets}
    )
    meta = MetaFile.from_data(9, snapshot, ["sha256"])
    forged = resigned(new[TIMESTAMP], workshop.key("timestamp"), version=9, snapshot_meta=meta)
    files = {**new, "metadata/9.snapshot.json": snapshot, TIMESTAMP: forged}
    assert refused(rig.boot(Served(files))) is Reason.ROLLBACK


def test_rollback_is_seen_after_a_restart_that_lost_the_lists_of_targets(workshop: Workshop, rig: DeviceRig) -> None:
    old = workshop.served()
    workshop.release(b"newer: 2\n")
    got(rig.boot(Served(workshop.served())))
    (rig.home / "metadata" / "current" / "targets.json").unlink()
    assert refused(rig.boot(Served(old))) is Reason.ROLLBACK


def test_freeze(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "workshop", ago=timedelta(days=8))  # the timestamp lasts seven
    rig = DeviceRig(tmp_path / "rig", workshop)
    assert refused(rig.boot(Served(workshop.served()))) is Reason.FREEZE


def test_freeze_with_the_clock_set_back_after_a_synchronised_one(workshop: Workshop, rig: DeviceRig) -> None:
    frozen = Served(workshop.served())
    got(rig.boot(frozen))
    rig.clocks.right, rig.clocks.ahead = True, timedelta(days=6)
    rig.boot(frozen).refresh()  # not expired yet
    rig.clocks.ahead = timedelta(days=8)
    assert refused(rig.boot(frozen)) is Reason.FREEZE
    rig.clocks.right, rig.clocks.ahead = False, timedelta(days=-400)
    assert refused(rig.boot(frozen)) is Reason.FREEZE


def test_freeze_is_seen_by_a_device_whose_clock_was_never_set(workshop: Workshop, rig: DeviceRig) -> None:
    frozen = Served(workshop.served())
    rig.clocks.ahead = timedelta(days=-20000)
    first = rig.boot(frozen)
    got(first)
    rig.clocks.running += timedelta(days=4)  # the clock stands, the machine runs
    first.refresh()
    rig.clocks.running = timedelta()  # and starts anew
    second = rig.boot(frozen)
    second.refresh()
    rig.clocks.running += timedelta(days=4)
    with pytest.raises(RefusedError, match="timestamp has expired") as caught:
        second.find(NAME)
    assert caught.value.reason is Reason.FREEZE
    assert refused(second) is Reason.FREEZE


def test_freeze_is_over_when_releases_are_published_anew(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path / "workshop", ago=timedelta(days=8))
    rig = DeviceRig(tmp_path / "rig", workshop)
    assert refused(rig.boot(Served(workshop.served()))) is Reason.FREEZE
    workshop.release()
    assert got(rig.boot(Served(workshop.served()))) == CONTENT


def test_fast_forward_heals_by_rotating_the_online_keys(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    snapshot = resigned(served["metadata/2.snapshot.json"], workshop.key("snapshot"), version=FAR)
    meta = MetaFile.from_data(FAR, snapshot, ["sha256"])
    stolen = resigned(served[TIMESTAMP], workshop.key("timestamp"), version=FAR, snapshot_meta=meta)
    got(rig.boot(Served({**served, f"metadata/{FAR}.snapshot.json": snapshot, TIMESTAMP: stolen})))
    workshop.release(b"newer: 2\n")
    assert refused(rig.boot(Served(workshop.served()))) is Reason.ROLLBACK
    for role in ("snapshot", "timestamp"):
        changed(workshop, role, f"{role}-new")
    sign(workshop.repository, [workshop.key("root-1"), workshop.key("root-2")])
    workshop.publish(["snapshot-new", "timestamp-new"])
    assert got(rig.boot(Served(workshop.served()))) == b"newer: 2\n"


def test_fast_forward_of_time_by_a_stolen_timestamp_key(workshop: Workshop, rig: DeviceRig) -> None:
    """A time far ahead that only an online key has signed moves nothing."""
    served = workshop.served()
    fields = {"x-foresight-signed-utc-ns": int((now() + timedelta(days=4000)).timestamp()) * 10**9}
    forged = resigned(served[TIMESTAMP], workshop.key("timestamp"), version=FAR, unrecognized_fields=fields)
    assert got(rig.boot(Served({**served, TIMESTAMP: forged}))) == CONTENT
    assert got(rig.boot(Served({**served, TIMESTAMP: forged}))) == CONTENT


@pytest.mark.parametrize("role", ["2.snapshot.json", "2.targets.json"])
def test_mix_and_match(workshop: Workshop, rig: DeviceRig, role: str) -> None:
    old = workshop.served()
    workshop.release(b"cameras: 2\n")  # its lists are as long as the old ones
    mixed = {**workshop.served(), f"metadata/3{role[1:]}": old[f"metadata/{role}"]}
    assert refused(rig.boot(Served(mixed))) is Reason.MIX_AND_MATCH


def changed(workshop: Workshop, role: str, name: str, threshold: int = 0) -> None:
    """Another key for a role, the only one from then on."""
    key = new_key(workshop.keys / f"{name}.pem", "").public_key
    served = workshop.repository.trust_root
    old = Metadata[Root].from_file(str(served)).signed.roles[role].keyids
    rotate(workshop.repository, Rotation(role, [key], old, threshold), now())


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_key_rotation(workshop: Workshop, rig: DeviceRig, role: str) -> None:
    got(rig.boot(Served(workshop.served())))
    before = workshop.served()
    changed(workshop, role, f"{role}-new")
    keys = ["root-1", "root-3"] + (["targets-new"] if role == "targets" else [])
    sign(workshop.repository, [workshop.key(name) for name in keys])
    workshop.publish([f"{name}-new" if name == role else name for name in ("snapshot", "timestamp")])
    after = workshop.served()
    assert got(rig.boot(Served(after))) == CONTENT
    # What the old keys sign counts no more, although they are valid for who did not see the new root.
    assert refused(rig.boot(Served({**after, **before}))) in {Reason.WRONG_KEY, Reason.ROLLBACK}


def test_root_key_rotation_over_two_roots(workshop: Workshop, rig: DeviceRig) -> None:
    changed(workshop, "root", "root-a", threshold=1)
    sign(workshop.repository, [workshop.key(name) for name in ("root-1", "root-2", "root-a")])
    workshop.publish()
    changed(workshop, "root", "root-b", threshold=1)
    sign(workshop.repository, [workshop.key("root-a"), workshop.key("root-b")])
    workshop.publish()
    assert sorted(path for path in workshop.served() if "root" in path)[-1] == "metadata/3.root.json"
    assert got(rig.boot(Served(workshop.served()))) == CONTENT


@pytest.mark.parametrize(
    ("signers", "reason"),
    [
        ((), Reason.WRONG_KEY),
        (("root-1",), Reason.WRONG_KEY),  # one of two
        (("root-1", "root-1"), Reason.WRONG_KEY),  # twice the same is one
        (("targets-1", "timestamp"), Reason.WRONG_KEY),
        (("root-1", "timestamp"), Reason.WRONG_KEY),
    ],
)
def test_threshold_of_root(workshop: Workshop, rig: DeviceRig, signers: tuple[str, ...], reason: Reason) -> None:
    served = workshop.served()
    forged = resigned(served["metadata/1.root.json"], *(workshop.key(name) for name in signers), version=2)
    if len(set(signers)) < len(signers):  # the client refuses a list of keys that names one twice
        told = json.loads(forged)
        told["signatures"] = told["signatures"] * 2
        forged, reason = json.dumps(told).encode(), Reason.MALFORMED
    assert refused(rig.boot(Served({**served, "metadata/2.root.json": forged}))) is reason


def test_threshold_of_targets(workshop: Workshop, rig: DeviceRig, tmp_path: Path) -> None:
    key = new_key(workshop.keys / "targets-2.pem", "").public_key
    rotate(workshop.repository, Rotation("targets", [key], [], 2), now())
    sign(workshop.repository, [workshop.key(name) for name in ("root-1", "root-2", "targets-1", "targets-2")])
    workshop.publish()
    served = workshop.served()
    one = resigned(served["metadata/3.targets.json"], workshop.key("targets-1"))
    meta = {"targets.json": MetaFile.from_data(3, one, ["sha256"])}
    snapshot = resigned(served["metadata/3.snapshot.json"], workshop.key("snapshot"), meta=meta)
    snapshot_meta = MetaFile.from_data(3, snapshot, ["sha256"])
    timestamp = resigned(served[TIMESTAMP], workshop.key("timestamp"), snapshot_meta=snapshot_meta)
    files = {"metadata/3.targets.json": one, "metadata/3.snapshot.json": snapshot, TIMESTAMP: timestamp}
    assert refused(rig.boot(Served({**served, **files}))) is Reason.WRONG_KEY
    assert got(DeviceRig(tmp_path / "other", workshop).boot(Served(served))) == CONTENT


@pytest.mark.parametrize("path", ["metadata/2.root.json", TIMESTAMP, "metadata/2.snapshot.json"])
def test_endless_data(workshop: Workshop, rig: DeviceRig, path: str) -> None:
    source = Served({"metadata/2.root.json": b"{", **workshop.served()}, endless={path})
    if "root" not in path:
        del source.files["metadata/2.root.json"]
    assert refused(rig.boot(source)) is Reason.ENDLESS


def test_endless_data_of_a_file(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    assert refused(rig.boot(Served(served, endless={target_path(served)}))) is Reason.ENDLESS


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "targets"])
def test_wrong_key(workshop: Workshop, rig: DeviceRig, name: str, tmp_path: Path) -> None:
    served = workshop.served()
    path = next(path for path in sorted(served, reverse=True) if path.endswith(f"{name}.json"))
    forged = resigned(served[path], new_key(tmp_path / "own.pem", ""))
    expected = Reason.WRONG_KEY if name == "timestamp" else Reason.CHANGED  # others are known by their hash before
    assert refused(rig.boot(Served({**served, path: forged}))) is expected


def test_a_repository_of_somebody_else(workshop: Workshop, rig: DeviceRig, tmp_path: Path) -> None:
    other = Workshop(tmp_path / "other")
    other.release(b"evil: true\n")
    assert refused(rig.boot(Served(other.served()))) is Reason.WRONG_KEY


def test_unsigned(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    assert refused(rig.boot(Served({**served, TIMESTAMP: resigned(served[TIMESTAMP])}))) is Reason.WRONG_KEY


def test_arbitrary_software(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    path = target_path(served)
    assert refused(rig.boot(Served({**served, path: b"x" * len(CONTENT)}))) is Reason.CHANGED
    assert got(rig.boot(Served(served))) == CONTENT


@pytest.mark.parametrize("name", ["timestamp.json", "2.snapshot.json", "2.targets.json"])
def test_truncated_metadata(workshop: Workshop, rig: DeviceRig, name: str) -> None:
    source = Served(workshop.served(), cut={f"metadata/{name}": 400})
    assert refused(rig.boot(source)) in {Reason.MALFORMED, Reason.CHANGED}
    source.cut.clear()
    assert got(rig.boot(source)) == CONTENT


def test_truncated_file(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    path = target_path(served)
    short = {**served, path: CONTENT[:-1]}
    assert refused(rig.boot(Served(short))) is Reason.TRUNCATED
    assert got(rig.boot(Served(served))) == CONTENT


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("name", ["metadata/timestamp.json", "metadata/2.snapshot.json", "metadata/2.targets.json"])
def test_bit_flipped_metadata(workshop: Workshop, rig: DeviceRig, name: str, step: int) -> None:
    served = workshop.served()
    signed = json.loads(served[name])["signed"]
    value = json.dumps(signed["expires"]).encode()
    where = {0: served[name].index(b"{"), 1: served[name].index(value) + 1, 2: served[name].index(b'"sig"') + 9}[step]
    flipped = bytearray(served[name])
    flipped[where] ^= 1
    expected = {Reason.MALFORMED, Reason.CHANGED, Reason.WRONG_KEY}
    assert refused(rig.boot(Served({**served, name: bytes(flipped)}))) in expected


def test_bit_flipped_file(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    path = target_path(served)
    for where in range(len(CONTENT)):
        flipped = bytearray(CONTENT)
        flipped[where] ^= 1 << where % 8
        assert refused(rig.boot(Served({**served, path: bytes(flipped)}))) is Reason.CHANGED


def test_a_list_that_cannot_be_read_leaves_what_was_known(workshop: Workshop, rig: DeviceRig) -> None:
    served = workshop.served()
    got(rig.boot(Served(served)))
    deep = b'{"signed": ' + b"[" * 200_00 + b"]" * 200_00 + b"}"
    assert refused(rig.boot(Served({**served, TIMESTAMP: deep[: 1 << 14]}))) is Reason.MALFORMED
    assert got(rig.boot(Served(served))) == CONTENT


def mutant(data: bytes, random: Random) -> bytes:
    """Bytes with something flipped, lost, doubled, or put in."""
    where, length = random.randrange(len(data)), random.randrange(1, 40)
    kinds = (
        lambda: data[:where] + bytes([data[where] ^ 1 << random.randrange(8)]) + data[where + 1 :],
        lambda: data[:where],
        lambda: data[:where] + data[where + length :],
        lambda: data[: where + length] + data[where:],
        lambda: data[:where] + random.randbytes(length) + data[where:],
    )
    return random.choice(kinds)()


def test_mutants(workshop: Workshop, rig: DeviceRig, tmp_path: Path) -> None:
    """Whatever is changed in what is served, a device that knows the last release refuses, or gets what was signed."""
    random, reasons = Random(7), set[Reason]()
    got(rig.boot(Served(workshop.served())))
    before = shutil.copytree(rig.home, tmp_path / "before", symlinks=True)
    workshop.release(b"newer: 2\n")
    served = workshop.served()
    paths = [TIMESTAMP, "metadata/3.snapshot.json", "metadata/3.targets.json", *newest(served)]
    for _ in range(50):
        files = dict(served)
        for path in random.sample(paths, random.randrange(1, 3)):
            files[path] = mutant(files[path], random)
        try:
            assert got(rig.boot(Served(files), tries=1)) == b"newer: 2\n"
        except RefusedError as error:
            reasons.add(error.reason)
        shutil.rmtree(rig.home)
        shutil.copytree(before, rig.home, symlinks=True)
    assert reasons <= set(Reason) - {Reason.UNKNOWN, Reason.FREEZE, Reason.UNREACHABLE}
    assert len(reasons) >= 3
    assert got(rig.boot(Served(served))) == b"newer: 2\n"


def newest(served: dict[str, bytes]) -> list[str]:
    return [path for path, data in served.items() if data == b"newer: 2\n"]


def test_lifetimes_hold_for_each_role(tmp_path: Path) -> None:
    """Frozen lists of one role each, whose clock is right: refused by the role that has expired."""
    for number, lifetimes in enumerate((Lifetimes(root=1), Lifetimes(targets=1), Lifetimes(snapshot=1))):
        workshop = Workshop(tmp_path / f"workshop-{number}", lifetimes)
        rig = DeviceRig(tmp_path / f"rig-{number}", workshop)
        rig.clocks.ahead = timedelta(days=2)
        with pytest.raises(RefusedError) as caught:
            rig.boot(Served(workshop.served())).refresh()
        assert caught.value.reason is Reason.FREEZE
        assert ("root", "targets", "snapshot")[number] in str(caught.value)


def test_freeze_is_seen_although_nobody_answered_for_long(workshop: Workshop, rig: DeviceRig) -> None:
    """A device without a clock, cut off and started anew now and then, knows how long it ran."""
    frozen = Served(workshop.served())
    rig.clocks.ahead = timedelta(days=-20000)
    got(rig.boot(frozen))
    for _ in range(4):
        rig.clocks.running = timedelta()
        cut_off = rig.boot(Served({}))
        rig.clocks.running = timedelta(days=2)
        with pytest.raises(RefusedError):
            cut_off.refresh()
    rig.clocks.running = timedelta()
    assert refused(rig.boot(frozen)) is Reason.FREEZE
