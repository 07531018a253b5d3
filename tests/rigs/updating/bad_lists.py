"""What a server can do to lists of releases and to files on their way, without the keys or with some of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from random import Random

from tuf.api.metadata import Metadata, MetaFile, Timestamp

from edge.updates.trust.refusal import Reason
from firmware_tools.release.keys import new_key
from tests.rigs.releases import Served, Workshop, resigned
from tests.rigs.updating.forging import TIMESTAMP, Entry, own_signers, released

NAME = "configurations/door.yaml"
LISTS = ("timestamp", "snapshot", "targets")
FAR = 2**30


@dataclass(frozen=True, eq=False)
class Attack:
    """What a device is served."""

    source: Served
    seen: Mapping[str, bytes]  # what it was served before, nothing where empty
    ahead: timedelta = timedelta()  # of its clock, when it is attacked


class Stage:
    """A workshop that has released two versions of a file of some bytes; the device is to be given the second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workshop = Workshop(folder / "workshop")
        self.workshop.release(b"cameras: 1\n", NAME, version="1")
        self.old = self.workshop.served()
        self.workshop.release(b"cameras: 2\n", NAME, version="2")
        self.new = self.workshop.served()

    @cached_property
    def strange_key(self) -> Path:
        path = self.folder / "strange.pem"
        new_key(path, "")
        return path

    @cached_property
    def other(self) -> Mapping[str, bytes]:
        """The releases of somebody else."""
        workshop = Workshop(self.folder / "other")
        workshop.release(b"cameras: 3\n", NAME, version="2")
        return workshop.served()

    def path(self, role: str) -> str:
        """Of the newest list."""
        return TIMESTAMP if role == "timestamp" else f"metadata/3.{role}.json"

    def file(self) -> str:
        return next(path for path, data in self.new.items() if data == b"cameras: 2\n")


Make = Callable[[Random, Stage], Attack]


def _by(stage: Stage, role: str, keys: list[str]) -> Attack:
    """Evil content, and one list signed by others than may."""
    signers = {**own_signers(stage.workshop), role: [stage.workshop.key(key) for key in keys]}
    evil = Entry(NAME, b"evil: 1\n", {"version": "2"})
    return Attack(Served(released(stage.new, [evil], signers)), stage.new)


def unsigned(chance: Random, stage: Stage) -> Attack:
    return _by(stage, chance.choice(LISTS), [])


def wrong_key(chance: Random, stage: Stage) -> Attack:
    role = chance.choice(LISTS)
    others = [key for key in ("root-1", "root-2", "root-3", "targets-1", "snapshot", "timestamp") if role not in key]
    return _by(stage, role, chance.sample(others, chance.randrange(1, 4)))


def somebody_else(chance: Random, stage: Stage) -> Attack:
    return Attack(Served(dict(stage.other)), stage.new if chance.random() < 0.5 else {})


def few_signatures(chance: Random, stage: Stage) -> Attack:
    """A root of the attacker's that one of the two who must has signed, and others."""
    keys = chance.sample(["targets-1", "snapshot", "timestamp"], chance.randrange(3))
    keys += [f"root-{chance.randrange(1, 4)}"] if chance.random() < 0.8 else []
    root = resigned(stage.new["metadata/1.root.json"], *map(stage.workshop.key, keys), version=2)
    return Attack(Served({**stage.new, "metadata/2.root.json": root}), stage.new if chance.random() < 0.5 else {})


def rollback(chance: Random, stage: Stage) -> Attack:
    """Older lists than were seen: all of them, or by stolen keys that are online."""
    if chance.random() < 0.5:
        return Attack(Served(dict(stage.old)), stage.new)
    meta = Metadata[Timestamp].from_bytes(stage.old[TIMESTAMP]).signed.snapshot_meta
    version = chance.randrange(4, FAR)
    forged = resigned(stage.new[TIMESTAMP], stage.workshop.key("timestamp"), version=version, snapshot_meta=meta)
    return Attack(Served({**stage.new, TIMESTAMP: forged}), stage.new)


def rollback_of_files(chance: Random, stage: Stage) -> Attack:
    """By both stolen keys that are online: an older list of files under new ones."""
    version = chance.randrange(4, FAR)
    targets = MetaFile.from_data(2, stage.old["metadata/2.targets.json"], ["sha256"])
    key = stage.workshop.key("snapshot")
    snapshot = resigned(stage.new["metadata/3.snapshot.json"], key, version=version, meta={"targets.json": targets})
    meta = MetaFile.from_data(version, snapshot, ["sha256"])
    forged = resigned(stage.new[TIMESTAMP], stage.workshop.key("timestamp"), version=version, snapshot_meta=meta)
    files = {**stage.new, f"metadata/{version}.snapshot.json": snapshot, TIMESTAMP: forged}
    return Attack(Served(files), stage.new)


def freeze(chance: Random, stage: Stage) -> Attack:
    """The same lists for ever."""
    return Attack(Served(dict(stage.new)), {}, timedelta(days=chance.randrange(8, 3000)))


def mix_and_match(chance: Random, stage: Stage) -> Attack:
    role = chance.choice(["snapshot", "targets"])
    mixed = {**stage.new, f"metadata/3.{role}.json": stage.old[f"metadata/2.{role}.json"]}
    return Attack(Served(mixed), stage.old if chance.random() < 0.5 else {})


def fast_forward(chance: Random, stage: Stage) -> Attack:
    """Versions that nobody reaches, by stolen keys that are online; the list of files needs another."""
    signers = {**own_signers(stage.workshop), "targets": [stage.workshop.key(chance.choice(["snapshot", "timestamp"]))]}
    evil = Entry(NAME, b"evil: 1\n", {"version": "2"})
    return Attack(Served(released(stage.new, [evil], signers, chance.randrange(10**6, FAR))), stage.new)


def truncated_list(chance: Random, stage: Stage) -> Attack:
    path = stage.path(chance.choice(LISTS))
    cut = {path: chance.randrange(1, len(stage.new[path]) - 1)}
    return Attack(Served(dict(stage.new), cut=cut), {})


def endless_list(chance: Random, stage: Stage) -> Attack:
    path = stage.path(chance.choice(LISTS))
    return Attack(Served(dict(stage.new), endless={path}), {})


def flipped_list(chance: Random, stage: Stage) -> Attack:
    """One bit, but none of white space, nor that which makes a digit a capital: those change nothing in JSON."""
    path = stage.path(chance.choice(LISTS))
    data = bytearray(stage.new[path])
    places = [at for at, byte in enumerate(data) if byte not in b" \n"]
    data[chance.choice(places)] ^= 1 << chance.choice([0, 1, 2, 3, 4, 6, 7])
    return Attack(Served({**stage.new, path: bytes(data)}), {})


def truncated_file(chance: Random, stage: Stage) -> Attack:
    path = stage.file()
    short = stage.new[path][: chance.randrange(len(stage.new[path]))]
    return Attack(Served({**stage.new, path: short}), {})


def endless_file(_chance: Random, stage: Stage) -> Attack:
    return Attack(Served(dict(stage.new), endless={stage.file()}), {})


def flipped_file(chance: Random, stage: Stage) -> Attack:
    path = stage.file()
    data = bytearray(stage.new[path])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return Attack(Served({**stage.new, path: bytes(data)}), {})


def other_file(chance: Random, stage: Stage) -> Attack:
    path = stage.file()
    return Attack(Served({**stage.new, path: chance.randbytes(len(stage.new[path]))}), {})


SEEN_AS_DAMAGE = (Reason.MALFORMED, Reason.CHANGED, Reason.WRONG_KEY)
ATTACKS: Mapping[str, tuple[Make, tuple[Reason, ...]]] = {
    "unsigned": (unsigned, (Reason.WRONG_KEY,)),
    "wrong key": (wrong_key, (Reason.WRONG_KEY,)),
    "releases of somebody else": (somebody_else, (Reason.WRONG_KEY,)),
    "too few signatures": (few_signatures, (Reason.WRONG_KEY,)),
    "rollback": (rollback, (Reason.ROLLBACK,)),
    "rollback of the list of files": (rollback_of_files, (Reason.ROLLBACK,)),
    "freeze": (freeze, (Reason.FREEZE,)),
    "mix-and-match": (mix_and_match, (Reason.MIX_AND_MATCH,)),
    "fast-forward": (fast_forward, (Reason.WRONG_KEY,)),
    "list truncated": (truncated_list, (Reason.MALFORMED, Reason.CHANGED)),
    "list endless": (endless_list, (Reason.ENDLESS,)),
    "list with a flipped bit": (flipped_list, SEEN_AS_DAMAGE),
    "file truncated": (truncated_file, (Reason.TRUNCATED,)),
    "file endless": (endless_file, (Reason.ENDLESS,)),
    "file with a flipped bit": (flipped_file, (Reason.CHANGED,)),
    "another file": (other_file, (Reason.CHANGED,)),
}
