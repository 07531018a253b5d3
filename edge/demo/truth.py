"""What is really in a rendered picture."""

from dataclasses import dataclass

from edge.contracts.types import F32, I64

LABELS = ("person", "car", "bicycle")


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """The N objects of one rendered picture, in no special order."""

    id: I64  # (N,) never reused
    label: I64  # (N,) index into LABELS; a bicycle's box holds its rider too
    box: F32  # (N, 4) around the whole silhouette, hidden parts included, cut off at the frame's edges
    visible: F32  # (N,) the share of the silhouette that can be seen, 0..1

    def __len__(self) -> int:
        return len(self.id)
