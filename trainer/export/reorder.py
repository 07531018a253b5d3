"""Puts the outputs of a model file into the order that its readers expect."""

import struct
from collections.abc import Sequence

from edge.contracts.flatbuffer import MalformedError, Table

_INT = struct.Struct("<i")


def reorder_outputs(model: bytes, names: Sequence[str]) -> bytes:
    """The same model with its outputs in the order of these names of its signature; others follow as they were.

    The converter sorts outputs by name, and Frigate, MediaPipe and others index them 0 to 3. Only the list of tensor
    numbers in the graph is rewritten, in place: no byte moves. The signature stays valid, because it maps each name to
    a tensor's number and not to a place in that list.

    Raises:
        MalformedError: it is no model with one signature that has these outputs.
    """
    root = Table.root(model, b"TFL3")
    graph, signature = next(root.tables(2), None), next(root.tables(7), None)
    if graph is None or signature is None:
        raise MalformedError("it has no graph, or no signature that names its outputs")
    numbers = {pair.text(0): pair.integer(1, "I") for pair in signature.tables(1)}
    present, listed = graph.integers(2, "i"), graph.table(2)
    if listed is None or not set(names) <= set(numbers) or not {numbers[name] for name in names} <= set(present):
        raise MalformedError(f"its signature names the outputs {sorted(numbers)}, not {', '.join(names)}")
    first = [numbers[name] for name in names]
    edited = bytearray(model)
    for place, number in enumerate([*first, *(one for one in present if one not in first)]):
        _INT.pack_into(edited, listed.position + 4 + 4 * place, number)  # behind the list's length
    return bytes(edited)
