"""The standard TFLite metadata of a model: name, version, normalisation, which packed file holds the labels.

Field numbers are those of TensorFlow Lite Support's `metadata_schema.fbs`.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from edge.contracts.flatbuffer import MalformedError, Table

NORMALISATION_OPTIONS = 1
TENSOR_AXIS_LABELS, TENSOR_VALUE_LABELS = 2, 3
IMAGE_PROPERTIES, GRAYSCALE = 2, 2
MAX_TABLES = 256
MADE_BY = "made by Foresight"  # the end of the description


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the metadata says, empty where it says nothing."""

    name: str
    version: str
    label_files: tuple[str, ...]  # names of packed files, the likeliest first
    mean: tuple[float, ...]  # one per channel, or one for all, or none
    std: tuple[float, ...]
    greyscale: bool
    ours: bool = False  # its description says that our trainer made it


NO_METADATA = Metadata("", "", (), (), (), greyscale=False)


def read_metadata(data: bytes) -> Metadata:
    """Read the metadata flatbuffer.

    Raises:
        MalformedError: it is damaged.
    """
    if not data:
        return NO_METADATA
    model = Table.root(data, b"M001")
    graph = next(model.tables(3), None)
    tensor = next(graph.tables(2), None) if graph else None
    mean, std = _normalisation(tensor) if tensor else ((), ())
    return Metadata(
        name=model.text(0),
        version=model.text(2),
        label_files=_label_files(model, graph),
        mean=mean,
        std=std,
        greyscale=_is_greyscale(tensor) if tensor else False,
        ours=model.text(1).endswith(MADE_BY),
    )


def _label_files(model: Table, graph: Table | None) -> tuple[str, ...]:
    """Label files of the outputs, then of the graph and the model; those for no particular language first."""
    owners: list[tuple[Table, int]] = []
    if graph:
        owners += [(tensor, 6) for tensor in _few(graph.tables(3))]
        owners.append((graph, 4))
    owners.append((model, 6))
    files = [file for owner, field in owners for file in _few(owner.tables(field))]
    labels = [file for file in files if file.integer(2, "b") in {TENSOR_AXIS_LABELS, TENSOR_VALUE_LABELS}]
    return tuple(file.text(0) for file in sorted(labels, key=lambda file: file.text(3) not in {"", "en"}))


def _normalisation(tensor: Table) -> tuple[tuple[float, ...], tuple[float, ...]]:
    for unit in _few(tensor.tables(4)):
        options = unit.table(1)
        if unit.integer(0, "B") != NORMALISATION_OPTIONS or options is None:
            continue
        mean, std = options.floats(0), options.floats(1)
        sound = len(mean) == len(std) and len(mean) in {1, 3} and all(map(math.isfinite, mean + std))
        if not sound or any(value <= 0 for value in std):
            raise MalformedError(f"its metadata normalises with mean {mean[:3]} and std {std[:3]}")
        return mean, std
    return (), ()


def _is_greyscale(tensor: Table) -> bool:
    content = tensor.table(3)
    if content is None or content.integer(0, "B") != IMAGE_PROPERTIES:
        return False
    image = content.table(1)
    return image is not None and image.integer(0, "b") == GRAYSCALE


def _few(tables: Iterator[Table]) -> Iterator[Table]:
    return itertools.islice(tables, MAX_TABLES)
