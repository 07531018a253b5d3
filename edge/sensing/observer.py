"""Whoever wants to know what the sensors tell."""

from edge.contracts.sensors import SensorStatus
from edge.sensing.outlook import Sensed


class SensorObserver:
    """Takes what the chains find out; each kind overrides what it cares for. Called on one thread; must be quick."""

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """A sample has been followed."""

    def stands(self, sensor: str, status: SensorStatus, odd: bool) -> None:
        """How a sensor stands, again and again."""
