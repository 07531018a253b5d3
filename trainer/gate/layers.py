"""Which layer loses it: what comes out of each, beside what comes out of the same layer of the reference.

Both files run the same pictures on plain kernels that keep every tensor. Layers are paired by the names that the
converters leave on their outputs. Four things are told of each: how much of its signal is lost by now; how much more
that is than at the worst of its inputs; how much its own rounding loses (the reference's output, stored with the
candidate's scale); and how much its weights have lost.

Noise grows by itself on its way through a network, so a jump late in a spoiled signal says little, and one out of a
sound input says much: blame counts the jump by the share of the loss that it is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge.contracts.errors import ModelError
from edge.contracts.head_rules import POSTPROCESS
from edge.contracts.types import U8, ModelBundle
from trainer.gate.signal import Signal, as_one, compared
from trainer.gate.tensors import Kept, Step

PICTURES = 8  # that layers are compared over: their numbers are many, and agree
# They only move numbers about: what they seem to lose by that is that channels are others afterwards, and the rounding
# of what came in is not theirs. Only where they round anew is it their fault.
MOVERS = frozenset({"CONCATENATION", "PAD", "RESHAPE", "RESIZE_NEAREST_NEIGHBOR", "SCATTER_ND"}) | frozenset(
    {"SLICE", "SPLIT", "SQUEEZE", "STRIDED_SLICE", "TRANSPOSE"}
)
SAME = frozenset({"QUANTIZE", "DEQUANTIZE"})  # the same numbers, stored differently: the reference has no such step
ONE_UNIT = frozenset({"LOGISTIC", "SOFTMAX"})  # their channels are probabilities
# What a layer consists of, as the converter names it behind the layer's own name.
INSIDE = re.compile(r"(?i)(batchnorm|add|mul|relu6?|biasadd|convolution|depthwise|matmul|sigmoid|reshape)(_?\d+)?")
LEAST_BLAME = 0.02  # of its signal that a layer must lose by itself, to be named


@dataclass(frozen=True, slots=True)
class LayerLoss:
    """One layer of the candidate; losses are 0..1 (`trainer.gate.signal`)."""

    place: int  # in the order in which the candidate runs them
    operator: str  # "CONV_2D", ...
    name: str  # of its output, as in the file
    loss: float  # of all that happened up to here
    jump: float  # over the worst of its inputs
    rounding: float  # of its own output's scale
    weights: float  # of its weights, 0 where it has none
    decibels: float  # signal to noise up to here, all channels together; inf where there is no difference

    @property
    def blame(self) -> float:
        """How much of the loss is its own fault, 0..1."""
        grown = self.jump * self.jump / self.loss if self.loss else 0.0
        return max(min(self.rounding + self.weights, 1.0), grown)

    @property
    def short_name(self) -> str:
        """The layer alone, without the path before it and the operators that it became."""
        parts = [part for part in self.name.split(";", 1)[0].split("/") if part]
        telling = [part for part in parts if not INSIDE.fullmatch(part)]
        return (telling or parts or [self.name])[-1]


def layer_losses(reference: ModelBundle, candidate: ModelBundle, pictures: Sequence[U8]) -> tuple[LayerLoss, ...]:
    """Compare two files of one network, layer by layer.

    Args:
        reference: the float file.
        candidate: the other.
        pictures: (h, w, 3) BGR each; the first `PICTURES` are taken.

    Raises:
        ModelError: a file cannot be run, or no layer of one has a counterpart in the other.
    """
    before, after = Kept(reference), Kept(candidate)
    pairs = paired(before.steps, after.steps)
    if not pairs:
        raise ModelError(
            f"no layer of {candidate.path} has the name of one in {reference.path}; convert both from one network"
        )
    seen: dict[int, Signal] = {}
    rounded: dict[int, Signal] = {}
    for pixels in pictures[:PICTURES]:
        before.run(pixels)
        after.run(pixels)
        for mine, other in pairs.items():
            shaped = as_one if other.operator in ONE_UNIT else np.asarray
            real = shaped(before.real(other.output))
            _add(seen, mine, compared(real, shaped(after.real(mine))))
            _add(rounded, mine, compared(real, after.rounded(mine, real)))
    weights = {mine: _weights(before, other, after, mine) for mine, other in pairs.items()} if seen else {}
    return tuple(_losses(after.steps, seen, rounded, weights))


def guilty(layers: Sequence[LayerLoss], most: int = 3) -> list[LayerLoss]:
    """The layers that lose most by themselves, worst first; none where none loses anything to speak of."""
    worst = sorted(layers, key=lambda layer: -layer.blame)[:most]
    return [layer for layer in worst if layer.blame >= LEAST_BLAME]


def paired(before: Sequence[Step], after: Sequence[Step]) -> dict[int, Step]:
    """The candidate's outputs, and the steps of the reference that have the same name and shape.

    Names agree wholly, or in their first part: converters put the names of what they fused behind it.
    """
    whole = {(step.name, step.shape): step for step in before}
    times = Counter(map(_first, before))
    short = {_first(step): step for step in before if times[_first(step)] == 1}
    found: dict[int, Step] = {}
    for step in after:
        if step.operator == POSTPROCESS:  # its rows are sorted by score: other rows stand side by side
            continue
        other = whole.get((step.name, step.shape)) or short.get(_first(step))
        if other is None and step.operator in SAME:
            other = found.get(step.inputs[0])
        if other is not None:
            found[step.output] = other
    return found


def _first(step: Step) -> tuple[str, tuple[int, ...]]:
    return step.name.split(";", 1)[0], step.shape


def _add(signals: dict[int, Signal], tensor: int, new: Signal) -> None:
    signals[tensor] = signals[tensor] + new if tensor in signals else new


def _weights(before: Kept, other: Step, after: Kept, mine: int) -> float:
    """How much of a layer's weights is lost, 0..1."""
    was, became = before.weights(other), after.weights(after.step_of(mine))
    if was is None or became is None or was.shape != became.shape:
        return 0.0
    return compared(was, became).loss


def _losses(
    steps: Sequence[Step], seen: Mapping[int, Signal], rounded: Mapping[int, Signal], weights: Mapping[int, float]
) -> Iterator[LayerLoss]:
    """In the order of the steps. One without a counterpart passes on the worst of its inputs."""
    known: dict[int, tuple[float, float]] = {}  # loss and rounding of what has run
    for step in steps:
        inputs = [known[tensor] for tensor in step.inputs if tensor in known]
        worst, roughest = (max((one[which] for one in inputs), default=0.0) for which in (0, 1))
        if step.output not in seen:
            known[step.output] = worst, roughest
            continue
        signal, rounding = seen[step.output], rounded[step.output].loss
        known[step.output] = signal.loss, rounding
        jump = max(signal.loss - worst, 0.0)
        if step.operator in MOVERS:
            jump, rounding = 0.0, max(rounding - roughest, 0.0)
        losses = signal.loss, jump, rounding, weights[step.output]
        yield LayerLoss(step.place, step.operator, step.name, *losses, signal.decibels)
