"""Lists of releases with anything in them, signed by whom we like: what can be served by who holds some keys."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from edge.contracts.release import encode_purpose
from tests.rigs.releases import Workshop, purpose

TIMESTAMP = "metadata/timestamp.json"
Signers = Mapping[str, Sequence[CryptoSigner]]  # by role


@dataclass(frozen=True, eq=False)
class Entry:
    """A file under a name, and what is signed for it."""

    name: str
    content: bytes
    purpose: Mapping[str, object]  # changes of `releases.purpose`
    custom: Mapping[str, object] | None = None  # instead of fields as they must be
    length: int = 0  # another than it has
    hashes: Mapping[str, str] = field(default_factory=dict)  # others than it has

    def target(self) -> TargetFile:
        custom = encode_purpose(purpose(**self.purpose)) if self.custom is None else dict(self.custom)
        hashes = dict(self.hashes) or {"sha256": hashlib.sha256(self.content).hexdigest()}
        return TargetFile(self.length or len(self.content), hashes, self.name, {"custom": custom})

    def path(self) -> str:
        """Where it is served."""
        folder, slash, name = self.name.rpartition("/")
        return f"targets/{folder}{slash}{hashlib.sha256(self.content).hexdigest()}.{name}"


def own_signers(workshop: Workshop) -> Signers:
    """Those who may."""
    names = {"targets": "targets-1", "snapshot": "snapshot", "timestamp": "timestamp"}
    return {role: [workshop.key(name)] for role, name in names.items()}


def released(
    served: Mapping[str, bytes], entries: Iterable[Entry], signers: Signers, ahead: int = 1
) -> dict[str, bytes]:
    """Everything that is served with these entries in the list, so many versions on."""
    files = dict(served)
    timestamp = Metadata[Timestamp].from_bytes(files[TIMESTAMP])
    at = timestamp.signed.snapshot_meta.version
    snapshot = Metadata[Snapshot].from_bytes(files[f"metadata/{at}.snapshot.json"])
    known = snapshot.signed.meta["targets.json"].version
    targets = Metadata[Targets].from_bytes(files[f"metadata/{known}.targets.json"])
    for entry in entries:
        targets.signed.targets[entry.name] = entry.target()
        files[entry.path()] = entry.content
    for told in (targets, snapshot, timestamp):
        told.signed.version += ahead
    listed = signed(targets, signers["targets"])
    snapshot.signed.meta["targets.json"] = MetaFile.from_data(known + ahead, listed, ["sha256"])
    gathered = signed(snapshot, signers["snapshot"])
    timestamp.signed.snapshot_meta = MetaFile.from_data(at + ahead, gathered, ["sha256"])
    lists = {f"{known + ahead}.targets.json": listed, f"{at + ahead}.snapshot.json": gathered}
    lists["timestamp.json"] = signed(timestamp, signers["timestamp"])
    return {**files, **{f"metadata/{name}": data for name, data in lists.items()}}


def signed(
    told: "Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp] | Metadata[Root]", by: Sequence[CryptoSigner]
) -> bytes:
    """A list with the signatures of these keys alone."""
    told.signatures.clear()
    for signer in by:
        told.sign(signer, append=True)
    return told.to_bytes(JSONSerializer(compact=False))
