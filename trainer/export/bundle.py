"""A complete model file: network, standard metadata, labels and `foresight.json`. No TensorFlow here."""

from dataclasses import replace

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.manifest import FILE_NAME, Manifest, encode_manifest
from edge.runtime.cpu_model import PACKED as CPU_MODEL
from trainer.errors import TrainError
from trainer.export.embed import embed_metadata
from trainer.export.metadata import encode_metadata
from trainer.export.packing import append_files, encode_labels, split_files

LABELS = "labels.txt"


def pack(
    model: bytes, manifest: Manifest, labels: tuple[str, ...], cpu_model: bytes = b"", golden: bytes = b""
) -> bytes:
    """A model file that says all that readers need to know.

    Args:
        model: a `.tflite`; whatever is packed in it already is dropped.
        manifest: what goes in as `foresight.json`; its name of the label file is set here.
        labels: by class index, empty where it tells no classes apart.
        cpu_model: the whole model file for the CPU, where `model` is compiled for an accelerator; it serves while the
            accelerator is away.
        golden: what goes in as `golden.json` where it is known already; `golden.with_golden` makes it.

    Raises:
        TrainError: it is no model, or the labels cannot be written.
    """
    told = replace(manifest, labels=LABELS if labels else "")
    files = {FILE_NAME: encode_manifest(told)}
    if labels:
        files[LABELS] = encode_labels(labels)
    if cpu_model:
        files[CPU_MODEL] = cpu_model
    if golden:
        files[GOLDEN] = golden
    try:
        bare, _ = split_files(model)
        return append_files(embed_metadata(bare, encode_metadata(told)), files)
    except MalformedError as error:
        raise TrainError(f"what was converted is no model file: {error}; convert it again") from error


def with_manifest(data: bytes, manifest: Manifest) -> bytes:
    """The same model file with another `foresight.json`: scores that were measured, a loss that was accepted.

    Nothing else changes: the network's bytes, the metadata and the other packed files stay as they are.

    Raises:
        TrainError: the file is damaged.
    """
    try:
        bare, files = split_files(data)
    except MalformedError as error:
        raise TrainError(f"the model file is damaged: {error}; export it again") from error
    return append_files(bare, {**files, FILE_NAME: encode_manifest(manifest)})
