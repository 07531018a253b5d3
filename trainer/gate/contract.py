"""What must be the same in two files of one network: head, labels, and what the picture becomes before it goes in."""

from collections.abc import Sequence

import numpy as np

from edge.contracts.preprocess import Preprocess
from edge.contracts.types import F64, U8, InputRecipe, ModelBundle
from edge.imaging import OpenCv
from trainer.gate.verdict import Check, Question, failed, passed, unknown

CARD_PX = (317, 211)  # width and height of the test card: no model's input, so that resizing shows
GREYS = (32, 224)  # of the card: calibration may have cut off the very darkest and brightest
TOLERANCE = 1.6  # steps of the input: a picture's own bytes pass for a normalisation that they are 1.5 steps from


def same_head(reference: ModelBundle, candidate: ModelBundle) -> Check:
    """Whether both files' outputs mean the same."""
    if reference.head is candidate.head:
        return passed(Question.HEAD, f"both are {candidate.head.value}")
    return failed(
        Question.HEAD,
        f"the candidate is read as {candidate.head.value} and the reference as {reference.head.value}; "
        "convert both from one network, with its manifest",
    )


def same_labels(reference: ModelBundle, candidate: ModelBundle) -> Check:
    """Whether both files have one list of labels, in one order."""
    was, became = reference.labels, candidate.labels
    if was == became:
        return passed(Question.LABELS, f"the same {len([name for name in became if name])} in the same order")
    row = next((row for row, (a, b) in enumerate(zip(was, became, strict=False)) if a != b), min(len(was), len(became)))
    if sorted(was) == sorted(became):
        what = "the same names in another order"
    else:
        what = f"{len(became)} names where the reference has {len(was)}"
    return failed(
        Question.LABELS,
        f"{what}, first at class {row}: {_at(became, row)} where the reference has {_at(was, row)}; "
        "pack the label file that the network was trained with",
    )


def same_input(reference: InputRecipe, candidate: InputRecipe) -> Check:
    """Whether one picture becomes the same numbers for both, in the units of the network."""
    question = Question.NORMALISATION
    if reference.tensor.shape != candidate.tensor.shape:
        return failed(
            question,
            f"the candidate takes {list(candidate.tensor.shape)} and the reference {list(reference.tensor.shape)}; "
            "convert both from one network",
        )
    steps = [_step(recipe) for recipe in (reference, candidate)]
    if any(step is None for step in steps) and reference.tensor.dtype != candidate.tensor.dtype:
        return unknown(question, "an input of whole numbers has no scale, so that its values cannot be compared")
    most = float(np.abs(_real(reference) - _real(candidate)).max())
    allowed = TOLERANCE * sum(step or 0.0 for step in steps) + 1e-4 * max(np.abs(_real(reference)).max(), 1.0)
    if most <= allowed:
        return passed(question, f"one picture gives both the same values, to {most:.2g} (allowed: {allowed:.2g})")
    return failed(
        question,
        f"one picture gives values up to {most:.3g} apart (allowed: {allowed:.2g}): the candidate has "
        f"{_said(candidate)}, the reference {_said(reference)}; correct mean, std, order and resize in its manifest",
    )


def card() -> U8:
    """A picture (h, w, 3) BGR whose channels, places and sides all differ."""
    width, height = CARD_PX
    blocks = np.random.default_rng(5).integers(*GREYS, (height // 16 + 1, width // 16 + 1, 3))
    return np.kron(blocks, np.ones((16, 16, 1)))[:height, :width].astype(np.uint8)


def _real(recipe: InputRecipe) -> F64:
    """What the network sees of the test card, as the real numbers that its input stands for."""
    stored, _ = Preprocess(recipe, OpenCv())(card())
    tensor = recipe.tensor
    values = stored.astype(np.float64)
    return (values - tensor.zero_point) * tensor.scale if tensor.scale else values


def _step(recipe: InputRecipe) -> float | None:
    """One step of a quantised input, 0 of float; None where whole numbers come without a scale."""
    if recipe.tensor.dtype == "float32":
        return 0.0
    return recipe.tensor.scale or None


def _at(names: Sequence[str], row: int) -> str:
    return repr(names[row]) if row < len(names) else "none"


def _said(recipe: InputRecipe) -> str:
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (recipe.mean, recipe.std))
    return f"{recipe.resize.value}, {recipe.order.value}, mean {mean}, std {std}"
