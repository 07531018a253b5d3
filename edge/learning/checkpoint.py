"""Weights on disk: one file, replaced as a whole, and checked as a whole when it is read.

    "FSWEIGHT" | version u32 | length of the header u32 | header, JSON | weights f32 | optimiser f32 | SHA-256 of it all

Numbers are little-endian. The check sum is the file's name as well: weights are what their name says, or they are not
used. Sizes are checked before anything is allocated.

Only what is wrong with the file itself is held against it: where the machine cannot read it now (no descriptor is left,
the disk answers with an error), it stays as it is, and is read again later.
"""

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from edge.contracts.errors import EdgeError
from edge.contracts.files import NotPlainError, open_plain
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import Object, below, count, member, real, text
from edge.contracts.stored import replace_file
from edge.contracts.trainable import MOST_NUMBERS, Weights
from edge.contracts.types import F32, Head

MAGIC, VERSION = b"FSWEIGHT", 1
MOST_HEADER = 1 << 16
MOST_STATE = 4  # numbers of an optimiser for each weight, at most
SUM_BYTES = hashlib.sha256().digest_size
ENDING = ".weights"
_START = struct.Struct("<8sII")


class CheckpointError(EdgeError):
    """Weights on disk are not used; what served before goes on serving."""


class DamagedCheckpointError(CheckpointError):
    """It was written by us and changed since, or was never whole."""


class ForeignCheckpointError(CheckpointError):
    """It is no such file, or for another kind of model."""


class OtherBaseError(CheckpointError):
    """It was learnt on top of another model file."""


class NewerCheckpointError(CheckpointError):
    """A newer program wrote it."""


class UnreadableCheckpointError(CheckpointError):
    """The machine cannot read it now; nothing is known against it."""


@dataclass(frozen=True, eq=False, slots=True)
class Checkpoint:
    """Weights, and what they are good for."""

    base_sha256: str  # of the model file that they belong to
    head: Head
    weights: Weights
    samples: int  # that were ever seen when it was made
    steps: int  # of training in the round that made it
    made_utc_s: float
    scores: Mapping[str, float] = field(default_factory=dict)  # on what was held out, by name


def encoded(checkpoint: Checkpoint) -> bytes:
    """The content of its file."""
    vectors = checkpoint.weights.weights, checkpoint.weights.optimizer
    weights, optimizer = (np.ascontiguousarray(one, "<f4") for one in vectors)
    header = {
        "base_sha256": checkpoint.base_sha256,
        "head": checkpoint.head.value,
        "weights": len(weights),
        "optimizer": len(optimizer),
        "samples": checkpoint.samples,
        "steps": checkpoint.steps,
        "made_utc_s": checkpoint.made_utc_s,
        "scores": {name: float(score) for name, score in checkpoint.scores.items()},
    }
    told = json.dumps(header, allow_nan=False).encode()
    data = _START.pack(MAGIC, VERSION, len(told)) + told + weights.tobytes() + optimizer.tobytes()
    return data + hashlib.sha256(data).digest()


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> str:
    """Write it under the name of its content, which is returned; on disk when this returns.

    Raises:
        OSError: the disk is full or cannot be written; nothing was changed.
    """
    data = encoded(checkpoint)
    name = data[-SUM_BYTES:].hex()
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / (name + ENDING), data)
    return name


def read_checkpoint(
    folder: Path, name: str, base_sha256: str, head: Head, most_weights: int = MOST_NUMBERS
) -> Checkpoint:
    """Read what `write_checkpoint` wrote.

    Args:
        folder: that it lies in.
        name: of its content.
        base_sha256: of the model file that is to take the weights.
        head: of that model.
        most_weights: that the model can have; what is larger is not read.

    Raises:
        DamagedCheckpointError: it is absent, cut short or changed.
        ForeignCheckpointError: it is no such file, or for another kind of model.
        OtherBaseError: it was learnt on top of another model file.
        NewerCheckpointError: a newer program wrote it.
        UnreadableCheckpointError: the machine cannot read it now.
    """
    path = folder / (name + ENDING)
    try:
        with open_plain(path) as file:
            data = _whole(path, file, most_weights)
    except NotPlainError as error:
        raise ForeignCheckpointError(f"{path}: {error}; the exported weights serve") from error
    except FileNotFoundError as error:
        raise DamagedCheckpointError(f"{path}: cannot be read: {error}; the exported weights serve") from error
    except OSError as error:
        raise UnreadableCheckpointError(
            f"{path}: cannot be read now: {error}; it stays as it is, and is read again later"
        ) from error
    checkpoint, digest = _parsed(path, data), data[-SUM_BYTES:].hex()
    if digest != name:
        raise DamagedCheckpointError(f"{path}: holds other weights than its name says; the exported weights serve")
    if checkpoint.head is not head:
        raise ForeignCheckpointError(f"{path}: is for a {checkpoint.head.value} model, not for a {head.value} one")
    if checkpoint.base_sha256 != base_sha256:
        raise OtherBaseError(
            f"{path}: was learnt on top of the model {checkpoint.base_sha256[:12]}, and {base_sha256[:12]} is loaded; "
            "learning begins anew"
        )
    return checkpoint


def _whole(path: Path, file: BinaryIO, most_weights: int) -> bytes:
    """All bytes of a file whose size is what its beginning says, and whose check sum is right."""
    start = file.read(_START.size)
    if len(start) < _START.size or start[: len(MAGIC)] != MAGIC:
        raise ForeignCheckpointError(f"{path}: holds no weights of ours")
    _, version, length = _START.unpack(start)
    if version > VERSION:
        raise NewerCheckpointError(
            f"{path}: a newer program wrote it (form {version}, known here: {VERSION}); install that one again, or "
            "learn anew"
        )
    size = os.fstat(file.fileno()).st_size
    vectors = size - _START.size - length - SUM_BYTES
    if version < 1 or length > MOST_HEADER or not 0 <= vectors <= 4 * (1 + MOST_STATE) * max(most_weights, 1):
        raise _damaged(path, f"its size of {size} bytes makes no sense")
    data = start + file.read(size - len(start))
    if hashlib.sha256(data[:-SUM_BYTES]).digest() != data[-SUM_BYTES:]:
        raise _damaged(path, "its check sum is wrong")
    return data


def _parsed(path: Path, data: bytes) -> Checkpoint:
    """What sound bytes hold."""
    _, _, length = _START.unpack(data[: _START.size])
    begin = _START.size + length
    try:
        header = below(json.loads(data[_START.size : begin]), "its header")
        sizes = count(header, "weights"), count(header, "optimizer")
        if 4 * sum(sizes) != len(data) - begin - SUM_BYTES:
            raise _damaged(path, f"{sizes} numbers do not fit into its size")
        numbers: F32 = np.frombuffer(data, "<f4", sum(sizes), begin).astype(np.float32)
        if not np.isfinite(numbers).all():
            raise _damaged(path, "its weights are no finite numbers")
        return Checkpoint(
            base_sha256=text(header, "base_sha256"),
            head=member(Head, header, "head"),
            weights=Weights(numbers[: sizes[0]], numbers[sizes[0] :]),
            samples=count(header, "samples"),
            steps=count(header, "steps"),
            made_utc_s=real(header, "made_utc_s"),
            scores=_scores(header),
        )
    except (MalformedError, ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error


def _scores(header: Object) -> Mapping[str, float]:
    scores = below(header.get("scores"), "its scores")
    return {name: real(scores, name) for name in scores}


def _damaged(path: Path, why: str) -> DamagedCheckpointError:
    return DamagedCheckpointError(f"{path}: is damaged: {why}; it is not used")
