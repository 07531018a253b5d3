"""On what terms a model file goes out."""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from trainer.errors import TrainError
from trainer.export.variant import Variant
from trainer.trainable.settings import TrainableSettings

BEST = "best"
THREADS = 2  # of the latency that is reported


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a file goes out, and where to."""

    out: Path
    variant: Variant | None  # None: the one that the figures speak for
    budget_points: float
    accept_loss: str  # a person's reason, "" = none
    threads: int
    data_name: str
    learning: TrainableSettings | None = None  # how it goes on learning where it runs; None: it does not


def terms(out: Path, kind: str, budget_points: float, accept_loss: str, data_name: str) -> Terms:
    """As a command has them; `kind` is a variant or `best`."""
    variant = None if kind == BEST else Variant(kind)
    return Terms(out, variant, budget_points, accept_loss, THREADS, data_name)


def learning(wanted: bool, kind: str, of: Collection[Variant], settings: TrainableSettings) -> TrainableSettings | None:
    """How a file goes on learning, None where it is not to.

    Args:
        wanted: it is to.
        kind: the variant that was asked for, or `best`.
        of: those in which such a model can be written.
        settings: how it learns.

    Raises:
        TrainError: it cannot be written so.
    """
    if wanted and kind not in {BEST, *(one.value for one in of)}:
        names = " or ".join(one.value for one in of)
        raise TrainError(f"--trainable writes {names}, and --variant {kind} was asked for; leave one of them out")
    return settings if wanted else None


def refuse_unwritable(out: Path) -> None:
    """Make sure that a file can be written before hours are spent on it.

    Raises:
        TrainError: it is a folder, or none can be made for it.
    """
    if out.is_dir():
        raise TrainError(f"--out {out} is a folder; name a file in it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror or error}; name another place (--out)") from error
