"""`python -m tests.rigs.learning_life FOLDER`: a subject that learns, is promoted and rolled back until it is killed.

What it tells goes line by line into FOLDER/told, each written at once: `begin`, `stored NAME ...` after samples were
counted as stored, `shadow HASH` and `serving HASH` after weights came to be that. NAME is a sample's group.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from edge.contracts.types import F32
from edge.learning.division import part_of, span_s
from edge.learning.promotion import Terms
from edge.learning.sample import Sample
from edge.learning.settings import LearningSettings
from edge.learning.standing import Phase
from edge.learning.subject import Subject
from tests.rigs.strollers import samples
from tests.rigs.trainee import LinearTrainee, learning_bundle

SETTINGS = LearningSettings(rate=0.05, epochs=2, samples=1_000_000, max_mb=256, margin=0.0)
TERMS = Terms(first=60, every=1, shadow=8, window=8, rest=1, most_doublings=0)
EACH = 40


def opened(folder: Path) -> tuple[Subject, LinearTrainee]:
    """The subject as it is on disk."""
    trainee = LinearTrainee(learning_bundle())
    return Subject(folder / "subject", trainee.bundle, trainee.weights().weights, SETTINGS, TERMS), trainee


def digest(weights: F32) -> str:
    return hashlib.sha256(weights.tobytes()).hexdigest()


def live(folder: Path, told: Callable[[str], None]) -> None:
    """For ever: samples come, a candidate is trained, it serves, it is rolled back."""
    subject, trainee = opened(folder)
    told(f"serving {digest(subject.serving)}")
    known = samples(count=6, seconds=30.0)
    span = span_s(trainee.bundle)
    for turn in count(1):
        some = named(known, turn, span)
        if subject.offer(some).stored == len(some):
            told("stored " + " ".join(one.group for one in some))
        if subject.due():
            subject.learn(trainee, lambda: True)
        if subject.standing.phase is Phase.SHADOW:
            assert subject.candidate is not None
            told(f"shadow {digest(subject.candidate)}")
            better = np.linspace(1.0, 0.9, 3)
            exported, serving, candidate = (np.full(TERMS.shadow, error) for error in better)
            subject.score(exported, serving, candidate, [f"track{number}" for number in range(TERMS.shadow)])
            told(f"serving {digest(subject.serving)}")
            if turn % 3:
                subject.roll_back()
                told(f"serving {digest(subject.serving)}")


def named(known: list[Sample], turn: int, span: float) -> list[Sample]:
    """Some of the samples that lie wholly in one part, each of a group of its own."""
    run = os.urandom(4).hex()
    whole = [one for one in known if part_of(one.begin_s, one.end_s, span, SETTINGS.holdout) is not None]
    chosen = [whole[(turn * EACH + number) % len(whole)] for number in range(EACH)]
    return [replace(one, group=f"{run}-{number}") for number, one in enumerate(chosen)]


def main() -> None:
    folder = Path(sys.argv[1])
    file = os.open(folder / "told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def told(line: str) -> None:
        os.write(file, f"{line}\n".encode())

    told("begin")
    live(folder, told)


if __name__ == "__main__":
    main()
