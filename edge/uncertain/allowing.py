"""Which kept pictures may leave the device: what was allowed when they were taken need not be allowed now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from edge.uncertain.record import Record


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the present configuration allows. `masks`: by camera, the fingerprints of what must be blackened."""

    pictures: bool
    masks: Mapping[str, Collection[str]]

    def __call__(self, record: Record) -> bool:
        """Whether a picture may go: its camera is there yet, and all that must be blackened now was so then."""
        required = self.masks.get(record.camera)
        return self.pictures and required is not None and set(required) <= set(record.masks)
