"""Puts the subgraph of one signature first, which is the one that readers who know of no signatures run."""

import flatbuffers

from edge.contracts.flatbuffer import MalformedError, Table
from edge.contracts.trainable import INFER
from trainer.export.embed import ALIGNMENT, kept
from trainer.export.tables import Field, Whole, table, vector

SUBGRAPHS, SIGNATURES = 2, 7  # fields of the root
INPUTS, OUTPUTS, KEY, SUBGRAPH = 0, 1, 2, 4  # fields of a signature


def served_first(model: bytes, served: str = INFER) -> bytes:
    """The same model with that signature, and its subgraph, first. No byte of the old file moves but by 16.

    The converter sorts signatures by name. Subgraphs that no signature names (the first values of variables, which
    others call by number) come after them all, and keep their numbers.

    Raises:
        MalformedError: it is no model with such a signature, or a subgraph without a signature stands in the way.
    """
    root = Table.root(model, b"TFL3")
    signatures, graphs = list(root.tables(SIGNATURES)), list(root.tables(SUBGRAPHS))
    numbers = {one.text(KEY): one.integer(SUBGRAPH, "I") for one in signatures}
    if served not in numbers or sorted(numbers.values()) != list(range(len(numbers))):
        raise MalformedError(f"its signatures {sorted(numbers)} are to be the first subgraphs, {served} among them")
    order = sorted(range(len(graphs)), key=lambda number: number != numbers[served])
    out = flatbuffers.Builder(1024)
    out.Prep(ALIGNMENT, 0)
    moved = [_renumbered(out, one, order.index(one.integer(SUBGRAPH, "I"))) for one in signatures]
    first = sorted(range(len(signatures)), key=lambda number: signatures[number].text(KEY) != served)
    fields = kept(root)
    fields[SUBGRAPHS] = vector(out, [-graphs[number].position for number in order])
    fields[SIGNATURES] = vector(out, [moved[number] for number in first])
    out.Finish(table(out, fields), b"TFL3")
    return bytes(out.Output()) + model


def _renumbered(out: flatbuffers.Builder, signature: Table, number: int) -> int:
    fields: dict[int, Field] = {SUBGRAPH: Whole(number)}
    for field in (INPUTS, OUTPUTS, KEY):
        target = signature.table(field)
        if target is not None:
            fields[field] = -target.position
    return table(out, fields)
