"""Reads `.ts` files (sktime, UEA archive): dimensions apart by `:`, values by `,`, the class at the end of a line."""

from pathlib import Path

import numpy as np

from edge.contracts.types import F32
from trainer.errors import TrainError
from trainer.series.classify.recordings import ALL, Recording, Recordings

PARTS = {"_train": "train", "_test": "test"}
SUFFIX = ".ts"
MOST_BYTES = 1 << 30


def read_sktime(place: Path, rate_hz: float) -> Recordings:
    """All recordings of a file, or of the files of a folder; `NAME_TRAIN.ts` and `NAME_TEST.ts` are parts.

    Args:
        place: a file or a folder.
        rate_hz: samples per second: the files do not say it.

    Raises:
        TrainError: a file is damaged, of unknown form, or has other dimensions or classes than the others.
    """
    files = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else [place]
    read = [_read(path) for path in files]
    labels = read[0][0]
    for path, (names, _) in zip(files, read, strict=True):
        if set(names) != set(labels):
            raise TrainError(f"{path} has the classes {', '.join(names)} and {files[0]} has {', '.join(labels)}")
    rows = [
        Recording(path, labels.index(label), f"{path.stem} {number}", _part(path), values)
        for path, (_, cases) in zip(files, read, strict=True)
        for number, (label, values) in enumerate(cases)
    ]
    widths = {row.values.shape[1] for row in rows}
    if len(widths) != 1:
        raise TrainError(
            f"the files of {place} have {', '.join(map(str, sorted(widths)))} dimensions; give one data set"
        )
    channels = tuple(f"dim_{index}" for index in range(widths.pop()))
    return Recordings(labels, channels, rate_hz, tuple(rows))


def _part(path: Path) -> str:
    return next((part for ending, part in PARTS.items() if path.stem.lower().endswith(ending)), ALL)


def _read(path: Path) -> tuple[tuple[str, ...], list[tuple[str, F32]]]:
    """Classes, and class and values (N, C) of each case."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TrainError(f"{path} is larger than {MOST_BYTES >> 20} MiB; divide it")
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"{path} cannot be read: {error}; name a .ts file of texts") from error
    labels: tuple[str, ...] = ()
    cases: list[tuple[str, F32]] = []
    in_data = False
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if in_data and labels:
            cases.append(_case(text, labels, f"{path}, line {number}"))
        elif text.lower().startswith("@classlabel"):
            labels = tuple(text.split()[2:]) if text.split()[1:2] == ["true"] else ()
        elif text.lower().startswith("@timestamps") and text.lower().split()[1:2] == ["true"]:
            raise TrainError(f"{path} has time stamps in its data, which are not read; bring it to a regular grid")
        in_data = in_data or text.lower().startswith("@data")
    if not labels or not cases:
        raise TrainError(
            f"{path} has {'no cases' if labels else 'no @classLabel true NAME NAME'}; give a data set of classes"
        )
    return labels, cases


def _case(text: str, labels: tuple[str, ...], where: str) -> tuple[str, F32]:
    *dimensions, label = text.split(":")
    if label.strip() not in labels:
        raise TrainError(f"{where}: the class {label.strip()!r:.40} is none of {', '.join(labels)}")
    try:
        columns = [np.array([_number(word) for word in one.split(",")], np.float32) for one in dimensions]
    except ValueError as error:
        raise TrainError(f"{where}: {error}; only numbers and ? are read") from error
    if not columns or len({len(one) for one in columns}) != 1:
        raise TrainError(
            f"{where}: its dimensions have {[len(one) for one in columns]} values; they must have the same"
        )
    values = _filled(np.stack(columns, axis=1))
    if not np.isfinite(values).all():
        raise TrainError(f"{where}: a whole dimension is missing; leave that case out")
    return label.strip(), values


def _number(word: str) -> float:
    return float("nan") if word.strip() == "?" else float(word)


def _filled(values: F32) -> F32:
    """Missing values on straight lines between their neighbours."""
    filled = values.copy()
    for column in filled.T:
        known = np.isfinite(column)
        if known.any() and not known.all():
            column[~known] = np.interp(np.flatnonzero(~known), np.flatnonzero(known), column[known])
    return filled
