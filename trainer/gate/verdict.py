"""What the gate found: named checks, each with an answer and words, and whether the model may go out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from trainer.gate.layers import LayerLoss
from trainer.report.contents import Scored

FEW = 8  # names shown in a sentence


class Answer(StrEnum):
    """What a check says."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "cannot tell"


class Question(StrEnum):
    """What is checked, in the order in which it is told."""

    PICTURES = "held-out pictures"
    CALIBRATION = "apart from calibration"
    TRAINING = "apart from training"
    NETWORK = "as the trained network"
    POST_PROCESS = "finds what the network finds"
    RUNS = "loads and runs"
    HEAD = "head"
    LABELS = "labels"
    NORMALISATION = "normalisation"
    OUTPUTS = "outputs"
    FINDS = "finds something"
    AGREEMENT = "finds the same boxes"
    ACCURACY = "accuracy"


FORGIVABLE = frozenset({Question.AGREEMENT, Question.ACCURACY})  # a loss that a person may accept, with a reason


@dataclass(frozen=True, slots=True)
class Check:
    """One answer. The words say what was found, where, and what to do."""

    question: Question
    answer: Answer
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """All answers about one candidate, and what they rest on."""

    reference: Path
    candidate: Path
    sha256: str  # of the candidate as it was judged, "" where it could not be read
    checks: tuple[Check, ...]
    figures: Mapping[str, float]  # for the manifest: 0..1, points where the name says so, counts
    scored: tuple[Scored, ...]  # candidate and reference, none where they could not be run
    layers: tuple[LayerLoss, ...]  # in the order in which the candidate runs them; empty until somebody looks

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that speak against it."""
        return tuple(check for check in self.checks if check.answer is Answer.FAILED)

    @property
    def accepted(self) -> bool:
        """No check speaks against it."""
        return not self.failed

    @property
    def forgivable(self) -> bool:
        """Nothing but accuracy speaks against it."""
        return all(check.question in FORGIVABLE for check in self.failed)

    def and_also(self, check: Check) -> "Verdict":
        """The same with one more answer."""
        return replace(self, checks=in_order([*self.checks, check]))

    def words(self) -> str:
        """The verdict in one sentence."""
        unsure = sum(check.answer is Answer.UNKNOWN for check in self.checks)
        doubt = f"; {unsure} of {len(self.checks)} checks cannot tell" if unsure else ""
        if self.accepted:
            return f"accepted: {self.candidate.name}, measured against {self.reference.name}{doubt}"
        questions = listed([check.question.value for check in self.failed])
        return f"refused: {self.candidate.name}; failed: {questions}{doubt}"


def in_order(checks: Sequence[Check]) -> tuple[Check, ...]:
    """By question, in the order in which they are told."""
    order = list(Question)
    return tuple(sorted(checks, key=lambda check: order.index(check.question)))


def passed(question: Question, words: str) -> Check:
    """Nothing is wrong."""
    return Check(question, Answer.PASSED, words)


def failed(question: Question, words: str) -> Check:
    """It must not go out."""
    return Check(question, Answer.FAILED, words)


def unknown(question: Question, words: str) -> Check:
    """It cannot be told, which is no reason to refuse it."""
    return Check(question, Answer.UNKNOWN, words)


def listed(names: Sequence[object]) -> str:
    """The first of several names, and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(str(name) for name in names[:FEW]) + more
