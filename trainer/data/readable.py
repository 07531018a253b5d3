"""Which pictures can be decoded: looked at once before training, so that none is missed in the middle of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trainer.data.dataset import Dataset
from trainer.data.pixels import Pixels

THREADS = 4
THUMB_PX = 32


def only_readable(dataset: Dataset, moved: Callable[[int], None] = lambda _: None) -> tuple[Dataset, tuple[Path, ...]]:
    """The pictures that can be decoded, and the files that cannot.

    Args:
        dataset: all of them.
        moved: told how many are done.
    """
    pixels = Pixels(THUMB_PX, cache_bytes=0)
    kept: list[int] = []
    lost: list[Path] = []
    with ThreadPoolExecutor(THREADS) as workers:
        decoded = workers.map(lambda picture: pixels.read(picture.path) is not None, dataset.pictures)
        for index, (picture, good) in enumerate(zip(dataset.pictures, decoded, strict=True)):
            if good:
                kept.append(index)
            else:
                lost.append(picture.path)
            moved(index + 1)
    return dataset.take(kept), tuple(lost)
