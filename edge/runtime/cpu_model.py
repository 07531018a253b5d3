"""Which model file the CPU runs while the accelerator that a model was compiled for is away."""

from pathlib import Path

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.model_file import read_model_file
from edge.contracts.packed import PackedFiles
from edge.contracts.stored import replace_file
from edge.contracts.types import ModelBundle

PACKED = "cpu.tflite"  # beside the labels in a bundle
SUFFIX = "_edgetpu"  # what the compiler adds to a file's name
LIMIT_BYTES = 128 << 20


def cpu_model(bundle: ModelBundle, configured: Path | None, state_dir: Path) -> Path | None:
    """The configured file, else the one packed into the bundle, else the one that lies beside it; None: there is none.

    Args:
        bundle: compiled for an accelerator.
        configured: what the operator says.
        state_dir: where a packed file is unpacked to, named by the bundle's hash.

    Raises:
        ModelError: what is packed is damaged, or cannot be unpacked.
    """
    if configured is not None:
        return configured
    packed = PackedFiles.find(read_model_file(bundle.path, bundle.size_bytes))
    if PACKED in packed.names:
        return _unpacked(packed, bundle, state_dir / "models")
    beside = bundle.path.with_name(bundle.path.name.replace(SUFFIX, ""))
    return beside if beside != bundle.path and beside.is_file() else None


def _unpacked(packed: PackedFiles, bundle: ModelBundle, folder: Path) -> Path:
    path = folder / f"{bundle.sha256}-{PACKED}"
    if path.is_file():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, packed.read(PACKED, LIMIT_BYTES))
    except (OSError, MalformedError) as error:
        raise ModelError(f"{bundle.path}: its model for the CPU cannot be unpacked to {path}: {error}") from error
    return path
