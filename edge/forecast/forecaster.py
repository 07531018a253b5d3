"""The seam that any forecaster fills."""

from typing import Protocol

from edge.contracts.types import Forecasts, Tracks


class Forecaster(Protocol):
    """Says where objects will be from what is known of them now. Must not write into the tracks."""

    def forecast(self, tracks: Tracks) -> Forecasts:
        """Forecasts with the rows of `tracks`, in their order; coasting tracks start from their predicted box."""
        ...
