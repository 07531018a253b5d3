"""`python -m tests.rigs.learning_life FOLDER [PLACE MOMENT]`: a subject that learns, serves and returns until it dies.

What it tells goes line by line into FOLDER/told, each written at once: `begin`, `stored NAME ...` after samples were
counted as stored, `shadow HASH` and `serving HASH` after weights came to be that. NAME is a sample's group.
FOLDER/place always says what is being done: one byte of memory that outlives the process, the number of a place.

With PLACE it kills itself there, the second time or later, at a share MOMENT of all calls and returns within (of Python
and of C: each system call has a moment before it and one after it).
"""

import functools
import hashlib
import mmap
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from itertools import count
from pathlib import Path

import numpy as np

from edge.contracts.types import F32
from edge.learning.division import part_of, span_s
from edge.learning.promotion import Terms
from edge.learning.sample import Sample
from edge.learning.settings import LearningSettings
from edge.learning.shelf import Shelf
from edge.learning.standing import Phase
from edge.learning.subject import Subject
from tests.rigs.strollers import samples
from tests.rigs.trainee import LinearTrainee, learning_bundle

SETTINGS = LearningSettings(rate=0.05, epochs=2, samples=1_000_000, max_mb=256, margin=0.0)
TERMS = Terms(first=60, every=1, shadow=8, window=8, rest=1, most_doublings=0)
EACH = 40


class Place(IntEnum):
    """What is being done."""

    OTHER = 0
    STORING = 1
    TRAINING = 2  # and judging by what is held out, and making the result the candidate
    CHECKPOINTING = 3  # within training
    PROMOTING = 4
    RETURNING = 5


DONE_BY = {
    Place.STORING: (Subject, "offer"),
    Place.TRAINING: (Subject, "learn"),
    Place.CHECKPOINTING: (Shelf, "put"),
    Place.PROMOTING: (Subject, "score"),
    Place.RETURNING: (Subject, "roll_back"),
}


class Watch:
    """Says what is being done, and kills there.

    Args:
        folder: of the life.
        aim: where it is to be killed; OTHER: nowhere.
        moment: a share of what is done there, from 0 to 1.
    """

    def __init__(self, folder: Path, aim: Place, moment: float) -> None:
        self._aim, self._moment = aim, moment
        self._calls, self._last = 0, -1  # within the place; in all of it, the last time
        (folder / "place").write_bytes(bytes([Place.OTHER]))
        with (folder / "place").open("r+b") as file:
            self._now = mmap.mmap(file.fileno(), 1)
        for place, (kind, name) in DONE_BY.items():
            setattr(kind, name, self._watched(place, getattr(kind, name)))

    def _watched(self, place: Place, real: Callable[..., object]) -> Callable[..., object]:
        @functools.wraps(real)
        def watched(*given: object, **named: object) -> object:
            before, self._now[0] = self._now[0], place
            if place is self._aim:
                self._calls = 0
                sys.setprofile(self._call)
            try:
                return real(*given, **named)
            finally:
                if place is self._aim:
                    sys.setprofile(None)
                    self._last = self._calls
                self._now[0] = before

        return watched

    def _call(self, *_: object) -> None:
        if self._now[0] != self._aim:
            return  # in a place within
        if self._last >= 0 and self._calls > self._last * self._moment:
            os.kill(os.getpid(), signal.SIGKILL)
        self._calls += 1


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
        if turn % 3 and subject.standing.serving:  # so that there is always something to be better than
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

    aim, moment = (Place(int(sys.argv[2])), float(sys.argv[3])) if sys.argv[2:] else (Place.OTHER, 0.0)
    Watch(folder, aim, moment)
    told("begin")
    live(folder, told)


if __name__ == "__main__":
    main()
