"""Whoever wants to know what the cameras see."""

from edge.capture import Camera
from edge.contracts.errors import EdgeError
from edge.contracts.types import Event
from edge.pipeline import Followed


class Observer:
    """Takes what the chains find out; each kind overrides what it cares for, the rest it lets pass.

    Called on the inference thread, in order; must be quick.
    """

    def seen(self, camera: Camera, followed: Followed) -> None:
        """A frame has been followed."""

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """A camera has ended or been lost; `events` end what was there."""

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """A frame could not be followed. Raising ends the engine."""
