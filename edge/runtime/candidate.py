"""What a candidate must be, a model file that is to take the place of another one; and how its child is told so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.contracts.input_rules import NO_OVERRIDES, Overrides
from edge.contracts.types import ColourOrder, Head, Resize


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a candidate must be."""

    task: str  # as it was released; "" for any
    head: Head | None  # of what it is to replace; None for any
    overrides: Overrides = NO_OVERRIDES  # what the configuration says of the file that it replaces


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
