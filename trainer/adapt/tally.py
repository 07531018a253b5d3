"""What became of a teacher's detections, as counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trainer.adapt.looks import Labelled
from trainer.adapt.watching import Watched


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over all clips and looks."""

    clips: int
    looks: int
    seen: int  # detections of the teacher
    labels: int  # boxes that became labels, filled ones too
    filled: int
    unsure: int
    objects: int  # tracks with a label

    def words(self) -> str:
        """The counts in a sentence."""
        return (
            f"{self.looks} looks at {self.clips} clips found {self.seen} boxes; {self.labels} labels of {self.objects} "
            f"objects are left ({self.filled} filled in), {self.unsure} areas are unsure"
        )


def tally(clips: Iterable[tuple[Watched, Sequence[Labelled]]]) -> Tally:
    """Count clips and their labels."""
    number = looks = seen = labels = filled = unsure = objects = 0
    for watched, labelled in clips:
        number += 1
        looks += len(watched.looks)
        seen += sum(len(look.found) for look in watched.looks)
        labels += sum(len(one.box) for one in labelled)
        filled += sum(int(one.filled.sum()) for one in labelled)
        unsure += sum(len(one.unsure) for one in labelled)
        objects += len({track for one in labelled for track in one.track.tolist()})
    return Tally(number, looks, seen, labels, filled, unsure, objects)
