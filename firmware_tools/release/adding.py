"""`release add` and `release remove`: the list of files of the next release, before it is signed."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import yaml
from tuf.api.metadata import Metadata, Targets

from edge.contracts.bundle import read_manifest
from edge.contracts.errors import ModelError
from edge.contracts.files import NotPlainError, open_plain, read_plain
from edge.contracts.flatbuffer import MalformedError
from edge.contracts.manifest import Task
from edge.contracts.release import FIELD, Kind, Purpose, encode_purpose, parse_purpose
from firmware_tools.boards.catalogue import board
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release.files import stage_file
from firmware_tools.release.lifetimes import dated, read_lifetimes
from firmware_tools.release.lists import public_targets, staged_targets, write_list
from firmware_tools.release.repository import Repository

MOST_YAML_BYTES = 1 << 20
SQUASHFS = b"hsqs"  # a RAUC bundle begins as one


def add(repository: Repository, file: Path, name: str, purpose: Purpose, now: datetime) -> Purpose:
    """Put a file into the next release, in the place of the one of that name; signatures of that list begin anew.

    Args:
        repository: of the repository.
        file: to be released.
        name: under which devices will know it.
        purpose: who it is for. Of a model, an empty task or version is taken from the file.
        now: the time, in UTC.

    Returns:
        The purpose, complete.

    Raises:
        MistakeError: the file is not of that kind, or the purpose cannot be.
        FirmwareError: it cannot be written.
    """
    repository.must_be_there()
    for each in purpose.boards:
        board(each)
    complete = CHECKS[purpose.kind](file, purpose)
    try:
        custom = encode_purpose(complete)
    except MalformedError as error:
        raise MistakeError(f"{file}: {error}") from error
    with repository.alone():
        targets = _next(repository)
        target = stage_file(repository, file, name)
        target.unrecognized_fields["custom"] = custom
        targets.targets[name] = target
        _write(repository, targets, now)
    return complete


def remove(repository: Repository, name: str, now: datetime) -> None:
    """Leave a file out of the next release. Devices that have it keep it.

    Raises:
        MistakeError: there is none of that name.
        FirmwareError: it cannot be written.
    """
    repository.must_be_there()
    with repository.alone():
        targets = _next(repository)
        if targets.targets.pop(name, None) is None:
            raise MistakeError(f"no release is called {name!r}; see release status")
        _write(repository, targets, now)


def restage(repository: Repository, now: datetime) -> None:
    """Have the list of files signed anew as it is: its keys have changed, or it is about to expire."""
    _write(repository, _next(repository), now)


def purposes(targets: Targets) -> dict[str, Purpose]:
    """What each file is for. Raises FirmwareError where it was not added by this command."""
    try:
        return {name: parse_purpose(target.custom) for name, target in sorted(targets.targets.items())}
    except (MalformedError, AttributeError) as error:
        raise FirmwareError(
            f"the list of files has no {FIELD} fields as they must be: {error}; add it again"
        ) from error


def _next(repository: Repository) -> Targets:
    """The list of the next release, to be changed."""
    staged, served = staged_targets(repository), public_targets(repository)
    if staged is not None:
        return staged.signed
    if served is None:
        raise FirmwareError(f"{repository.home} has no list of files; restore it, or begin anew with release init")
    made = deepcopy(served.signed)
    made.version += 1
    return made


def _write(repository: Repository, targets: Targets, now: datetime) -> None:
    dated(targets, read_lifetimes(repository.lifetimes), now)
    write_list(repository.staged / "targets.json", Metadata(targets))


def _model(file: Path, purpose: Purpose) -> Purpose:
    try:
        manifest = read_manifest(file)
    except ModelError as error:
        raise MistakeError(str(error)) from error
    if manifest is None:
        if not purpose.task:
            raise MistakeError(
                f"{file} does not say what it is for: ours do unless they are cut off, so copy it again; "
                f"of a model of others say --task {', '.join(Task)}"
            )
        return purpose
    if purpose.task not in ("", manifest.task.value):
        raise MistakeError(f"{file} is a {manifest.task.value} by its own words; leave --task out")
    return replace(purpose, task=manifest.task.value, version=purpose.version or manifest.version)


def _configuration(file: Path, purpose: Purpose) -> Purpose:
    try:
        told = yaml.safe_load(read_plain(file, MOST_YAML_BYTES))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise MistakeError(f"{file} cannot be read as YAML: {error}; see foresight check") from error
    if not isinstance(told, dict):
        raise MistakeError(f"{file} is no configuration; see foresight check")
    return purpose


def _system(file: Path, purpose: Purpose) -> Purpose:
    try:
        with open_plain(file) as opened:
            start = opened.read(len(SQUASHFS))
    except (OSError, NotPlainError) as error:
        raise MistakeError(f"{file} cannot be read: {error}; name a RAUC bundle") from error
    if start != SQUASHFS:
        raise MistakeError(f"{file} is no RAUC bundle (.raucb); make one with rauc bundle")
    if not purpose.boards:
        raise MistakeError("a root file system fits some boards only; name them with --board")
    return purpose


CHECKS: dict[Kind, Callable[[Path, Purpose], Purpose]] = {
    Kind.MODEL: _model,
    Kind.CONFIGURATION: _configuration,
    Kind.SYSTEM: _system,
}
