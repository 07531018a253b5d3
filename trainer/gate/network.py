"""Is the file still the network that was trained? What the two give for the same pictures, before any post-process.

The network's answers come from whoever has it loaded, prepared as training prepares pictures. The file prepares its
own, as serving does: so the check sees a difference of the two preparations as well as weights that were lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.types import F32, F64, U8, ModelBundle
from trainer.gate.tensors import Kept
from trainer.gate.verdict import Check, Question, failed, passed, unknown

MOST = (
    0.01  # of the spread of an output, that float32 may be off: conversion rounds at 1e-6, a fault gives 0.1 and more
)


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One picture, and what the trained network gives for it."""

    pixels: U8  # (h, w, 3) BGR
    outputs: Mapping[str, F32]  # as they enter the post-process: boxes raw, scores as probabilities


def as_network(reference: ModelBundle, answers: Sequence[Answered]) -> Check:
    """Compare the float file with the network that it was made of, over a few pictures."""
    question = Question.NETWORK
    if not answers:
        return unknown(question, "the trained network was asked about no picture")
    try:
        off = _worst(reference, answers)
    except ModelError as error:
        return failed(question, str(error))
    said = ", ".join(f"{name} {share:.2g}" for name, share in off.items())
    words = f"off from the network by, in shares of the spread over {len(answers)} pictures: {said}"
    if max(off.values()) <= MOST:
        return passed(question, f"{words} (allowed: {MOST:g})")
    return failed(
        question,
        f"{words} (allowed: {MOST:g}): weights were lost on the way, or the file prepares pictures differently; "
        "export again, and compare its mean, std, order and resize with those of training",
    )


def _worst(reference: ModelBundle, answers: Sequence[Answered]) -> dict[str, float]:
    """By output, how far the file is off at its worst picture."""
    file, off = Kept(reference), dict[str, float]()
    for answer in answers:
        file.run(answer.pixels)
        given = [file.real(tensor).reshape(-1) for tensor in file.ends]
        for name, values in answer.outputs.items():
            expected = values.astype(np.float64).reshape(-1)
            off[name] = max(off.get(name, 0.0), _nearest(reference, name, expected, given))
    return off


def _nearest(reference: ModelBundle, name: str, expected: F64, given: Sequence[F64]) -> float:
    """Distance to the most alike of the outputs that have as many numbers."""
    fitting = [values for values in given if len(values) == len(expected)]
    if not fitting:
        sizes = ", ".join(str(len(values)) for values in given)
        raise ModelError(
            f"{reference.path} has no output like the network's {name} of {len(expected)} numbers, but {sizes}; "
            "export it from this network"
        )
    spread = max(float(expected.std()), 1e-9)
    return min(
        float(np.sqrt(np.mean((np.nan_to_num(values, nan=1e18) - expected) ** 2))) / spread for values in fitting
    )
