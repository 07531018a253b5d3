"""What is wrong with a model that was tried, and how its child tells that to the daemon: as one line of JSON."""

import json
from collections.abc import Callable
from enum import StrEnum

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.json_fields import below, member, text


class Fault(StrEnum):
    """What is wrong with a model."""

    MALFORMED = "malformed"  # it cannot be read
    UNFIT = "unfit"  # it can be read, and is not what was wanted, or does not run here
    GOLDEN = "golden"  # it does not answer here as it did where it was exported
    CRASHED = "crashed"
    HUNG = "hung"
    LIMITS = "limits"  # it took more memory or disk than it may
    NO_SPACE = "no_space"  # nothing is wrong with it: there was no room to try it, and it may be tried later


class FaultError(ModelError):
    """A model is not to serve. The message says what, where, and what to do."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


def is_untried(error: Exception) -> bool:
    """Whether it says nothing of a model: there was no room to try it, and it may be tried later."""
    return isinstance(error, FaultError) and error.fault is Fault.NO_SPACE


def print_answer(work: Callable[[], str]) -> None:
    """In the child: do the work, and print what it found, or what was wrong."""
    try:
        fault, detail = "", work()
    except FaultError as error:
        fault, detail = error.fault.value, str(error)
    except ModelError as error:
        malformed = isinstance(error.__cause__, MalformedError)
        fault, detail = (Fault.MALFORMED if malformed else Fault.UNFIT).value, str(error)
    print(json.dumps({"fault": fault, "detail": detail}), flush=True)  # noqa: T201 - the parent reads it


def parse_answer(output: bytes) -> str:
    """What the work found.

    Raises:
        FaultError: what was wrong.
        MalformedError: there is no answer in the output.
    """
    lines = output.splitlines()
    try:
        told = below(json.loads(lines[-1] if lines else b""), "answer")
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"its last line is no answer: {error}") from error
    if text(told, "fault"):
        raise FaultError(member(Fault, told, "fault"), text(told, "detail"))
    return text(told, "detail")
