"""Another `foresight.json` in a model file. The network's bytes and the other packed files stay as they are."""

import io
import zipfile

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.manifest import FILE_NAME, Manifest, encode_manifest
from edge.contracts.packed import PackedFiles
from trainer.errors import TrainError

DAWN = (1980, 1, 1, 0, 0, 0)  # the oldest time that a ZIP can tell: the same content is the same bytes
LIMIT_BYTES = 256 << 20


def with_manifest(data: bytes, manifest: Manifest) -> bytes:
    """The same model file with this manifest.

    Raises:
        TrainError: the file is damaged.
    """
    try:
        packed = PackedFiles.find(data)
        files = {name: packed.read(name, LIMIT_BYTES) for name in packed.names}
    except MalformedError as error:
        raise TrainError(f"the model file is damaged: {error}; export it again") from error
    out = io.BytesIO()
    out.write(data[: _start(data)] if files else data)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_STORED) as archive:  # stored: MediaPipe reads no compressed ones
        for name, content in {**files, FILE_NAME: encode_manifest(manifest)}.items():
            archive.writestr(zipfile.ZipInfo(name, DAWN), content)
    return out.getvalue()


def _start(data: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return min(entry.header_offset for entry in archive.infolist())
