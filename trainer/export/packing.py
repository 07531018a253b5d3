"""Files appended to a model as a ZIP, byte for byte the same whenever the same is packed."""

import io
import zipfile
from collections.abc import Mapping

from edge.contracts.labels import parse_labels
from edge.contracts.packed import PackedFiles
from trainer.errors import TrainError

DAWN = (1980, 1, 1, 0, 0, 0)  # the oldest time that a ZIP can tell
LIMIT_BYTES = 256 << 20
Packed = Mapping[str, bytes]


def append_files(model: bytes, files: Packed) -> bytes:
    """A bare model with these files behind it.

    They are stored as they are: MediaPipe reads no compressed ones.
    """
    file = io.BytesIO()
    file.write(model)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, DAWN)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name])
    return file.getvalue()


def split_files(data: bytes) -> tuple[bytes, Packed]:
    """The bare model, and what is packed behind it.

    Raises:
        MalformedError: the archive is damaged.
    """
    packed = PackedFiles.find(data)
    if not packed.names:
        return data, {}
    return data[: packed.start], {name: packed.read(name, LIMIT_BYTES) for name in packed.names}


def encode_labels(labels: tuple[str, ...]) -> bytes:
    """The label file: one label a line, with numbers where a label would be taken for one.

    Raises:
        TrainError: a label cannot be told from a hole, or has more than one line.
    """
    for number in (False, True):
        lines = [f"{row} {label}" if number else label for row, label in enumerate(labels)]
        data = "".join(f"{line}\n" for line in lines).encode()
        if parse_labels(data) == labels:
            return data
    odd = [label for label in labels if parse_labels(f"0 {label}\n".encode()) != (label,)]
    raise TrainError(f"the labels {', '.join(map(repr, odd or labels))} cannot be written to a label file; rename them")
