"""Has a candidate prove itself before anything serves by it: read, loaded, shown its golden input, and watched.

All of it happens in a process with limits (`edge.runtime.proof`); what comes back are findings, or the fault.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from edge.contracts.confined import End, Ended, Limits, run_confined
from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.input_rules import NO_OVERRIDES, Overrides
from edge.contracts.json_fields import below, member, text
from edge.contracts.types import ColourOrder, Head, Resize
from edge.runtime.settings import RuntimeSettings

FILE_MIB = 128  # a model for the CPU that is packed into one for an accelerator is unpacked


class Fault(StrEnum):
    """What is wrong with a candidate."""

    MALFORMED = "malformed"  # it cannot be read
    UNFIT = "unfit"  # it can be read, and is not what was wanted, or does not run here
    GOLDEN = "golden"  # it does not answer here as it did where it was exported
    CRASHED = "crashed"
    HUNG = "hung"
    LIMITS = "limits"  # it took more memory or disk than it may


class FaultError(ModelError):
    """A candidate is not to serve. The message says what, where, and what to do."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a candidate must be."""

    task: str  # as it was released; "" for any
    head: Head | None  # of what it is to replace; None for any
    overrides: Overrides = NO_OVERRIDES  # what the configuration says of the file that it replaces


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a candidate that may serve."""

    task: str
    head: str
    name: str
    version: str
    unproven: str  # why its golden input was not compared; "" where it was, and agreed


@dataclass(frozen=True, slots=True)
class Order:
    """What the process is told, as JSON on its command line."""

    path: str
    sha256: str
    task: str
    head: str
    threads: int
    memory_mib: int
    folder: str  # for what it unpacks; emptied afterwards
    overrides: Mapping[str, object]  # `Overrides`, what is None left out


def encode_overrides(overrides: Overrides) -> Mapping[str, object]:
    """As an order has them."""
    told = {name: value for name, value in asdict(overrides).items() if value is not None}
    return {name: str(value) if isinstance(value, Path) else value for name, value in told.items()}


def parse_overrides(told: Mapping[str, object]) -> Overrides:
    """Out of an order, which is our own."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    made = {name: kind(str(values[name])) for name, kind in _KINDS.items() if name in values}
    return Overrides(**{**values, **made})


_KINDS = {"labels": Path, "head": Head, "resize": Resize, "order": ColourOrder}


def prove(path: Path, sha256: str, wanted: Wanted, settings: RuntimeSettings) -> Findings:
    """Try a candidate.

    Args:
        path: the `.tflite`.
        sha256: its hash in hexadecimal.
        wanted: what it must be.
        settings: threads, and the limits of a trial.

    Raises:
        FaultError: it is not to serve.
    """
    limits = Limits(
        wall_s=settings.trial_deadline_s,
        cpu_s=settings.trial_deadline_s * settings.threads + 1,
        memory_mib=settings.trial_memory_mib,
        file_mib=FILE_MIB,
    )
    with tempfile.TemporaryDirectory(prefix="foresight-proof-") as folder:
        overrides = encode_overrides(wanted.overrides)
        order = Order(
            str(path), sha256, wanted.task, wanted.head or "", settings.threads, limits.memory_mib, folder, overrides
        )
        try:
            ended = run_confined("edge.runtime.proof", [json.dumps(asdict(order))], limits)
        except OSError as error:
            raise FaultError(Fault.LIMITS, f"no process can be started to try {path} in: {error}") from error
    return _findings(path, ended, limits)


def _findings(path: Path, ended: Ended, limits: Limits) -> Findings:
    if ended.how is not End.DONE:
        raise FaultError(Fault(ended.how.value), _WORDS[ended.how].format(path=path, told=ended.told, limits=limits))
    try:
        told = below(json.loads(ended.output.splitlines()[-1]), "answer")
        if told.get("fault"):
            raise FaultError(member(Fault, told, "fault"), text(told, "detail"))
        task, head, name, version, unproven = (
            text(told, key) for key in ("task", "head", "name", "version", "unproven")
        )
        return Findings(task, head, name, version, unproven)
    except (ValueError, IndexError, RecursionError, MalformedError) as error:
        raise FaultError(
            Fault.CRASHED, f"{path} ended its trial without an answer: {ended.told}; export it again"
        ) from error


_WORDS = {
    End.CRASHED: "{path} took its process along when it was tried: {told}; fetch or export it again",
    End.HUNG: "{path} did not load and answer within {limits.wall_s:g} s (trial_deadline_s); use a smaller model",
    End.LIMITS: "{path} took more than its trial allows ({limits.memory_mib} MiB, trial_memory_mib): {told}; use a "
    "smaller model",
}
