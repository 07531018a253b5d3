"""What came of learning together, on disk: the weights after every round, and one line about each."""

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
    """About one round, for JSON; `name` is that of the weights after it."""
    average = found.average
    return {
        "round": found.number,
        "asked": list(found.asked),
        "used": list(average.used),
        "silent": dict(found.silent),
        "refused": dict(average.refused),
        "clipped": list(average.clipped),
        "method": average.method.value,
        "before": pooled(found.tried),
        "devices": {device: asdict(tried) for device, tried in found.tried.items()},
        "taken": found.taken,
        "seconds": round(found.seconds, 3),
        "weights": name,
    }


def pooled(tried: Mapping[str, Tried]) -> dict[str, float]:
    """Mean errors over all samples that devices keep to judge by; empty where there are none."""
    total = sum(one.samples for one in tried.values())
    if not total:
        return {}
    names = ("given", "serving", "base")
    return {name: sum(getattr(one, name) * one.samples for one in tried.values()) / total for name in names}


class Record:
    """Writes it, a line as soon as a round has ended.

    Args:
        folder: is made.
        bundle: of the model.
        state: P of the optimiser.
    """

    def __init__(self, folder: Path, bundle: ModelBundle, state: int) -> None:
        self._folder, self._bundle, self._state = folder, bundle, state
        folder.mkdir(parents=True, exist_ok=True)

    def told(self, found: Round, weights: F32) -> None:
        """One round has ended. Raises OSError."""
        optimizer = np.zeros(self._state, np.float32)
        checkpoint = Checkpoint(
            self._bundle.sha256,
            self._bundle.head,
            Weights(weights, optimizer),
            sum(one.samples for one in found.tried.values()),
            found.number,
            time.time(),
            pooled(found.tried),
        )
        told = line(found, write_checkpoint(self._folder, checkpoint))
        with (self._folder / FILE).open("a") as file:
            file.write(json.dumps(told) + "\n")
        print(_words(found), flush=True)  # noqa: T201 - what the operator follows


def _words(found: Round) -> str:
    """One line for people."""
    average, errors = found.average, pooled(found.tried)
    parts = [f"round {found.number}: asked {len(found.asked)}, averaged {len(average.used)}"]
    parts += [f"left out {device}: {why}" for device, why in {**found.silent, **average.refused}.items()]
    if errors:
        parts.append(f"error before it {errors['given']:.4g}, of the model file {errors['base']:.4g}")
    return "; ".join([*parts, f"{found.seconds:.1f} s"])
