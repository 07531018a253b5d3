"""Reads wav or CSV files whose class is the folder they lie in, or stands in their name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.errors import SourceError
from edge.contracts.resampling import resampled
from edge.contracts.types import F32
from edge.contracts.wav import read_wav
from trainer.errors import TrainError
from trainer.series.classify.naming import Naming, parse_naming
from trainer.series.classify.recordings import ALL, SOUND, Recording, Recordings
from trainer.series.regular import GAP_STEPS, regular
from trainer.series.table import Table, read_table

PARTS = {"train": "train", "training": "train", "val": "validation", "validation": "validation", "test": "test"}
LONGEST_S = 600.0  # of one wav file
MOST_FILES = 200_000
SUFFIXES = (".wav", ".csv")
USUAL = "{label}_{group}_{number}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command said about files."""

    naming: Naming | None
    rate_hz: float  # 0 = that of the files
    channels: tuple[str, ...]  # of tables, () = all numbers


@dataclass(frozen=True, slots=True)
class _Named:
    """A file whose class is known."""

    path: Path
    label: str
    group: str
    part: str


def read_files(place: Path, asked: Asked) -> Recordings:
    """Everything below a folder: `class/*.wav`, `train/class/*.csv`, or files with telling names.

    Raises:
        TrainError: nothing is found, both kinds are, or a file cannot be read.
    """
    if not place.is_dir():
        raise TrainError(f"{place} is one file, and a class needs several recordings; name the folder of all classes")
    files = sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())[:MOST_FILES]
    kinds = {path.suffix.lower() for path in files}
    if len(kinds) != 1:
        found = "both wav and CSV files" if kinds else "neither wav nor CSV files"
        raise TrainError(f"{place} has {found}; give a folder of one kind, in folders of their class or with --names")
    naming = asked.naming or usual_naming(files, place)
    named = [_named(path, place, naming) for path in files]
    labels = tuple(sorted({one.label for one in named}))
    if len(labels) < 2:
        told = f"the one class {labels[0]}"
        raise TrainError(
            f"{place} has {told}; put files into folders of their class, or say how they are named (--names)"
        )
    return READERS[kinds.pop()](named, labels, asked)


def usual_naming(files: Sequence[Path], place: Path) -> Naming | None:
    """The usual pattern where files lie in no folder of a class and all are named like it."""
    usual = parse_naming(USUAL)
    loose = any(all(one.lower() in PARTS for one in path.relative_to(place).parts[:-1]) for path in files)
    return usual if loose and all(usual.read(path.stem) for path in files) else None


def _named(path: Path, place: Path, naming: Naming | None) -> _Named:
    folders = path.relative_to(place).parts[:-1]
    part = next((PARTS[one.lower()] for one in folders if one.lower() in PARTS), ALL)
    classes = [one for one in folders if one.lower() not in PARTS]
    said: Mapping[str, str] = {}
    if naming is not None:
        read = naming.read(path.stem)
        if read is None:
            raise TrainError(
                f"{path} is not named like --names {naming.text}; name it so, or take it out of the folder"
            )
        said = read
    label = said.get("label") or (classes[0] if classes else "")
    if not label:
        raise TrainError(
            f"{path} lies in no folder of a class; put it into one, or say how files are named (--names "
            "{label}_{group}_{number})"
        )
    inner = "/".join(classes[1:])
    return _Named(path, label, said.get("group") or inner or str(path.relative_to(place)), said.get("part") or part)


def _sounds(named: list[_Named], labels: tuple[str, ...], asked: Asked) -> Recordings:
    read = []
    for one in named:
        try:
            read.append(read_wav(one.path, LONGEST_S))
        except SourceError as error:
            raise TrainError(str(error)) from error
        if not len(read[-1][0]):
            raise TrainError(f"{one.path} holds no sound; record it again, or take it out of the folder")
    rate = round(asked.rate_hz) if asked.rate_hz else min(rate for _, rate in read)
    if rate < 1:
        raise TrainError(f"--rate {asked.rate_hz:g}: sounds have whole samples per second, 8000 say; give such a rate")
    rows = tuple(
        Recording(one.path, labels.index(one.label), one.group, one.part, _at(sound, given, rate)[:, None])
        for one, (sound, given) in zip(named, read, strict=True)
    )
    return Recordings(labels, SOUND, float(rate), rows)


def _at(sound: F32, given_hz: int, wanted_hz: int) -> F32:
    try:
        return resampled(sound, given_hz, wanted_hz)
    except SourceError as error:
        raise TrainError(str(error)) from error


def _tables(named: list[_Named], labels: tuple[str, ...], asked: Asked) -> Recordings:
    tables = [read_table(one.path, "", asked.channels) for one in named]
    first = tables[0]
    for table in tables:
        if table.channels != first.channels:
            raise TrainError(
                f"{table.path} has the columns {', '.join(table.channels)} and {first.path} has "
                f"{', '.join(first.channels)}; name those that all have (--channels)"
            )
    step_s = 1 / asked.rate_hz if asked.rate_hz else float(np.median([np.median(np.diff(t.time_s)) for t in tables]))
    if not step_s > 0:
        raise TrainError(
            f"{first.path} and others have the same time on most rows; give its samples per second (--rate)"
        )
    rows = tuple(
        Recording(one.path, labels.index(one.label), one.group, one.part, _whole(table, step_s))
        for one, table in zip(named, tables, strict=True)
    )
    return Recordings(labels, first.channels, 1 / step_s, rows)


def _whole(table: Table, step_s: float) -> F32:
    """(N, C) on the grid; no window may bridge what was not recorded."""
    series = regular([table], step_s)
    if series.piece[-1]:
        raise TrainError(
            f"{table.path} is interrupted for more than {GAP_STEPS} samples of {step_s:g} s; make a file of each "
            "piece, or give its samples per second (--rate)"
        )
    return series.values.astype(np.float32)


READERS: Mapping[str, Callable[[list[_Named], tuple[str, ...], Asked], Recordings]] = {".wav": _sounds, ".csv": _tables}
