"""Tries released files before anything serves by them, each in a process with limits, and says why one is refused."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.raucb import check_raucb
from edge.contracts.sandbox import End, Ended, Limits, bare_environment, run_sandboxed
from edge.runtime.canary import try_candidate
from edge.runtime.candidate import Wanted
from edge.runtime.faults import FaultError
from edge.runtime.settings import RuntimeSettings
from edge.updates.trust.refusal import Reason, RefusedError

__all__ = ["Wanted", "examine_configuration", "examine_model", "examine_system"]
CHECK_S, CHECK_CPU_S, CHECK_MIB = 120.0, 90.0, 2048
VARIABLES = "FORESIGHT_"  # that a configuration may name


def examine_model(path: Path, sha256: str, wanted: Wanted, settings: RuntimeSettings) -> str:
    """Try a model; waits `trial_deadline_s` of the settings at most.

    Args:
        path: the `.tflite`, whose inside is not trusted.
        sha256: its hash in hexadecimal.
        wanted: what it must be.
        settings: threads, and the limits of a trial.

    Returns:
        Why its golden input was not compared; "" where it was, and agreed.

    Raises:
        RefusedError: malformed, unfit, golden, crashed, hung or limits; no_space where there is no room to try it.
    """
    try:
        return try_candidate(path, sha256, wanted, settings)
    except FaultError as error:
        raise RefusedError(Reason(error.fault.value), _named(str(error), path)) from error


def examine_configuration(path: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Check a configuration as `foresight check` does, with the variables that this device has for it.

    Raises:
        RefusedError: malformed, unfit, crashed, hung or limits; no_space where no process can be started.
    """
    variables = {name: value for name, value in environment.items() if name.startswith(VARIABLES)}
    limits = Limits(wall_s=CHECK_S, cpu_s=CHECK_CPU_S, memory_mib=CHECK_MIB)
    try:
        ended = run_sandboxed("edge.check_child", [str(path)], limits, {**bare_environment(), **variables})
    except OSError as error:
        said = f"no process can be started to check {path.name} in: {error}; free some space"
        raise RefusedError(Reason.NO_SPACE, said) from error
    if ended.how is not End.DONE:
        raise RefusedError(Reason(ended.how.value), f"{path.name} was not checked to its end: {ended.told}; correct it")
    _refuse(path, ended)


def examine_system(path: Path) -> None:
    """Look whether a file can be a RAUC bundle at all; RAUC itself says whether it is a good one.

    Raises:
        RefusedError: malformed.
    """
    try:
        check_raucb(path)
    except (MalformedError, OSError) as error:
        raise RefusedError(Reason.MALFORMED, f"{path.name}: {error}; release what RAUC made") from error


def _refuse(path: Path, ended: Ended) -> None:
    """Raise what the process found."""
    try:
        told = json.loads(ended.output.splitlines()[-1])
        reason, detail = told["reason"], str(told["detail"])
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        said = f"{path.name} was not checked to its end: {ended.told}; correct it"
        raise RefusedError(Reason.CRASHED, said) from error
    if reason:
        raise RefusedError(Reason(reason), _named(detail, path))


def _named(told: str, path: Path) -> str:
    """A message in which a file goes by its name: where it lies in the store says nothing to anybody."""
    return told.replace(str(path), path.name)
