"""Every picture decoded whole, in processes of their own: a decoder may write to its standard error, or crash.

Decoders give grey pixels for the missing part of a JPEG and say so on standard error only, so that is read.
"""

import multiprocessing
import os
import re
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from pathlib import Path

import cv2

from trainer.data.dataset import Picture
from trainer.data.problem import Problem, warning
from trainer.errors import TrainError

PROCESSES = 4
CHUNK = 16
DEADLINE_S = 60  # for one picture: the process that is late is ended by the system
Job = tuple[Path, tuple[int, int]]
Moved = Callable[[int], None]
_BENIGN = re.compile(r"warning", re.IGNORECASE)
_ADVICE = "replace it by a good copy, or delete it"


def decode_all(pictures: Sequence[Picture], moved: Moved = lambda _: None) -> list[Problem]:
    """What is wrong with the pixels of pictures.

    Args:
        pictures: their headers have been read.
        moved: told how many are done.

    Raises:
        TrainError: the decoder crashed, or does not come to an end.
    """
    jobs: list[Job] = [(one.path, one.size) for one in pictures]
    problems: list[Problem] = []
    workers = max(min(PROCESSES, os.cpu_count() or 1, -(-len(jobs) // CHUNK)), 1)
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _hush)
    done = 0
    try:
        for found in pool.map(decode, _chunks(jobs)):
            problems += found
            done = min(done + CHUNK, len(jobs))
            moved(done)
    except BrokenProcessPool as error:
        near = ", ".join(path.name for path, _ in jobs[done : done + CHUNK])
        raise TrainError(f"the decoder crashed, or came to no end, at {near} or soon after; delete it") from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return problems


def decode(jobs: Sequence[Job]) -> list[Problem]:
    """Decode some pictures. Standard error must have been turned into a file (`_hush`) for what it says to be read."""
    return [problem for path, size in jobs if (problem := _decode(path, size)) is not None]


def _decode(path: Path, size: tuple[int, int]) -> Problem | None:
    before = os.fstat(2).st_size
    signal.alarm(DEADLINE_S)
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    signal.alarm(0)
    said = _said(before)
    if pixels is None:
        return Problem(path, f"it cannot be decoded{said and f' ({said})'}; it is truncated or corrupt", _ADVICE)
    has = (pixels.shape[1], pixels.shape[0])
    if has != size:
        told = f"it decodes to {has[0]} x {has[1]} pixels, and its header says {size[0]} x {size[1]}"
        return Problem(path, told, "save it anew with any picture editor")
    if said and _BENIGN.search(said):
        return warning(path, f"its decoder complains: {said}", "fine, if it looks right (data preview)")
    return Problem(path, f"it is truncated or corrupt: {said}", _ADVICE) if said else None


def _said(before: int) -> str:
    """What the decoder wrote since, on one line."""
    size = os.fstat(2).st_size
    text = os.pread(2, min(size - before, 4096), before) if size > before else b""
    return " ".join(text.decode("utf-8", "replace").split())[:200]


def _hush() -> None:
    """Turn standard error into a file without a name, here and in the libraries."""
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)


def _chunks(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    rest = iter(jobs)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
