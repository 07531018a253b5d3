"""What somebody else expected of a reading."""

from dataclasses import dataclass

from edge.contracts.types import F64


@dataclass(frozen=True, eq=False, slots=True)
class Residual:
    """A reading against what was forecast for its time. Channels for which there was no forecast are NaN in both."""

    error: F64  # (C,) reading minus forecast, in the unit of the reading
    sigma: F64  # (C,) one standard deviation that the forecast claimed, same unit, above 0
