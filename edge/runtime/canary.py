"""Tries a model where it can do no harm, before anything serves by it: in a process with limits that is thrown away.

A damaged or hostile file can crash, hang or eat all memory when it is loaded or run, and a native crash takes the
daemon with it. In a sandbox (`edge.contracts.sandbox`) it is loaded by the library that is to serve it, run, shown its
golden input, and made to learn where it can; limits and words are the same for all models. There are two ways in:

- `try_model`: a model that the configuration names and that the daemon has read. What has passed once is remembered by
  its hash and the library's version, and not tried again: that is what start-up usually costs.
- `try_candidate`: a file that is to take the place of a model, whose inside is not trusted; it is read there too.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.golden import FILE_NAME, encode_golden
from edge.contracts.golden_file import golden_of
from edge.contracts.model_file import check_sha256, read_model_file
from edge.contracts.sandbox import End, Limits, run_sandboxed
from edge.contracts.types import ModelBundle
from edge.runtime import canary_child, candidate
from edge.runtime.candidate import Wanted, encode_overrides
from edge.runtime.faults import Fault, FaultError, parse_answer
from edge.runtime.libraries import find_library
from edge.runtime.proven import is_proven, remember
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import plan_for

UNPACKED_MIB = 128  # a model for the CPU that is packed into one for an accelerator is unpacked


def try_model(bundle: ModelBundle, settings: RuntimeSettings, state: Path) -> None:
    """Try a model that was not tried yet; returns at once for one that passed before.

    Args:
        bundle: the model.
        settings: limits, threads and accelerator.
        state: folder of the daemon's own files; made where it is absent.

    Raises:
        ModelError: it crashes, hangs, fails, exceeds a limit or does not answer as it did where it was exported, or no
            library is there to run it.
    """
    plan = plan_for(bundle, settings)
    key = f"{bundle.sha256} {find_library().key} {plan.accelerator}"
    if is_proven(state, key):
        return
    golden = _golden(bundle)
    with _folder(bundle.path) as folder:
        sample = folder / FILE_NAME
        sample.write_bytes(golden)
        order = canary_child.Order(plan, str(sample), settings.trial_memory_mib)
        _run("edge.runtime.canary_child", json.dumps(asdict(order)), bundle.path, _limits(settings))
    remember(state, key)


def try_candidate(path: Path, sha256: str, wanted: Wanted, settings: RuntimeSettings) -> str:
    """Read and try a model file; waits `trial_deadline_s` of the settings at most.

    Args:
        path: the `.tflite`.
        sha256: its hash in hexadecimal; "" where it is not known.
        wanted: what it must be.
        settings: threads, and the limits of a trial.

    Returns:
        Why its golden input was not compared; "" where it was, and agreed.

    Raises:
        FaultError: it is not to serve.
    """
    with _folder(path) as folder:
        order = candidate.Order(
            path=str(path),
            sha256=sha256,
            task=wanted.task,
            head=wanted.head or "",
            threads=settings.threads,
            memory_mib=settings.trial_memory_mib,
            folder=str(folder),
            overrides=encode_overrides(wanted.overrides),
        )
        limits = _limits(settings, UNPACKED_MIB)
        return _run("edge.runtime.candidate_child", json.dumps(asdict(order)), path, limits)


def _golden(bundle: ModelBundle) -> bytes:
    """Its golden sample, nothing where it brings none. Raises ModelError: the file has changed since it was read."""
    data = read_model_file(bundle.path, bundle.size_bytes)
    check_sha256(bundle.path, data, bundle.sha256)
    # What it answers to is the CPU's arithmetic; an accelerator rounds in its own way.
    golden = None if bundle.edgetpu else golden_of(bundle.path, data)
    return encode_golden(golden) if golden else b""


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """For what is written to try a file. Raises FaultError where this cannot be done at all."""
    try:
        with tempfile.TemporaryDirectory(prefix="foresight-canary-") as folder:
            yield Path(folder)
    except OSError as error:
        raise FaultError(
            Fault.NO_SPACE, f"no process can be started to try {path} in: {error}; free some space"
        ) from error


def _limits(settings: RuntimeSettings, file_mib: int = 1) -> Limits:
    wall_s = settings.trial_deadline_s
    return Limits(wall_s, wall_s * settings.threads + 1, settings.trial_memory_mib, file_mib)


def _run(module: str, order: str, path: Path, limits: Limits) -> str:
    """What the child found. Raises FaultError; OSError: there can be no child."""
    ended = run_sandboxed(module, [order], limits)
    if ended.how is not End.DONE:
        raise FaultError(Fault(ended.how.value), _WORDS[ended.how].format(path=path, told=ended.told, limits=limits))
    try:
        return parse_answer(ended.output)
    except MalformedError as error:
        said = _WORDS[End.CRASHED].format(path=path, told=ended.told)
        raise FaultError(Fault.CRASHED, said) from error


_WORDS = {
    End.CRASHED: "{path} ended its trial with {told} and was refused; fetch it again from its source, or export it "
    "again",
    End.HUNG: "{path} did not load and run within {limits.wall_s:g} s in its trial and was refused; use a smaller "
    "model, or raise trial_deadline_s",
    End.LIMITS: "{path} took more than its trial allows (trial_memory_mib = {limits.memory_mib}): {told}; use a "
    "smaller model",
}
