"""What came of learning together, on disk: weights that the devices found no worse, and one line about each round."""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from edge.contracts.federated import Tried
from edge.contracts.trainable import Weights
from edge.contracts.types import F32, ModelBundle
from edge.learning.checkpoint import Checkpoint, write_checkpoint
from trainer.federated.rounds import Round

FILE = "rounds.jsonl"


def line(found: Round, name: str) -> dict[str, object]:
    """About one round, for JSON; `name` is that of the weights after it, "" of those that all began with."""
    average = found.average
    return {
        "round": found.number,
        "asked": list(found.asked),
        "used": list(average.used),
        "silent": dict(found.silent),
        "refused": dict(average.refused),
        "clipped": list(average.clipped),
        "method": average.method.value,
        "verdict": asdict(found.verdict),
        "before": middle(found.before),
        "after": middle(found.after),
        "tried_before": {device: asdict(tried) for device, tried in found.before.items()},
        "tried_after": {device: asdict(tried) for device, tried in found.after.items()},
        "taken": found.taken,
        "seconds": round(found.seconds, 3),
        "weights": name,
    }


def middle(tried: Mapping[str, Tried]) -> dict[str, float]:
    """Mean errors of the device in the middle, for each kind of weights; empty where there are none."""
    if not tried:
        return {}
    names = ("given", "serving", "base")
    return {name: float(np.median([getattr(one, name) for one in tried.values()])) for name in names}


class Record:
    """Writes it, a line as soon as a round has ended.

    Args:
        folder: is made.
        bundle: of the model.
        state: P of the optimiser.
    """

    def __init__(self, folder: Path, bundle: ModelBundle, state: int) -> None:
        self._folder, self._bundle, self._state, self._name = folder, bundle, state, ""
        folder.mkdir(parents=True, exist_ok=True)

    def told(self, found: Round, weights: F32) -> None:
        """One round has ended. Raises OSError."""
        if found.verdict.accepted:
            self._name = write_checkpoint(self._folder, self._checkpoint(found, weights))
        with (self._folder / FILE).open("a") as file:
            file.write(json.dumps(line(found, self._name)) + "\n")
        print(_words(found), flush=True)  # noqa: T201 - what the operator follows

    def _checkpoint(self, found: Round, weights: F32) -> Checkpoint:
        learnt = Weights(weights, np.zeros(self._state, np.float32))
        samples, scores = sum(one.samples for one in found.after.values()), middle(found.after)
        return Checkpoint(self._bundle.sha256, self._bundle.head, learnt, samples, found.number, time.time(), scores)


def _words(found: Round) -> str:
    """One line for people."""
    average, before, after = found.average, middle(found.before), middle(found.after)
    parts = [f"round {found.number}: asked {len(found.asked)}, averaged {len(average.used)}"]
    parts += [f"left out {device}: {why}" for device, why in {**found.silent, **average.refused}.items()]
    if average.used and found.verdict.why:
        parts.append(f"what came of it is not used: {found.verdict.why}")
    if before:
        parts.append(f"error before it {before['given']:.4g}, of the model file {before['base']:.4g}")
    if after:
        parts.append(f"after it {after['given']:.4g}")
    return "; ".join([*parts, f"{found.seconds:.1f} s"])
