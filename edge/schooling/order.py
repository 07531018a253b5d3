"""What the learner's process is told when it starts, as JSON on its command line."""

import json
from dataclasses import asdict, dataclass

from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings


@dataclass(frozen=True, slots=True)
class CameraPupil:
    """A camera whose path model learns."""

    name: str
    path: str  # of the model
    sha256: str  # of the file
    labels: tuple[str, ...]  # of the camera's detector, which the labels of tracks index


@dataclass(frozen=True, slots=True)
class SensorPupil:
    """A sensor whose series model learns."""

    name: str
    path: str
    sha256: str
    gap_steps: int  # after a longer silence its grid begins anew


Pupil = CameraPupil | SensorPupil


@dataclass(frozen=True, slots=True)
class Order:
    """All of it. Numbers of subjects in messages count the cameras first, then the sensors."""

    folder: str  # of all that is learnt
    run: str  # names this start of the daemon
    on: bool
    settings: LearningSettings
    terms: Terms
    cameras: tuple[CameraPupil, ...]
    sensors: tuple[SensorPupil, ...]

    @property
    def pupils(self) -> tuple[Pupil, ...]:
        """All of them, by number."""
        return (*self.cameras, *self.sensors)

    def encode(self) -> str:
        """As JSON."""
        return json.dumps({**asdict(self), "settings": self.settings.model_dump()})

    @classmethod
    def decode(cls, text: str) -> "Order":
        """What `encode` gave."""
        told = json.loads(text)
        cameras = [CameraPupil(**{**one, "labels": tuple(one["labels"])}) for one in told["cameras"]]
        return cls(
            folder=told["folder"],
            run=told["run"],
            on=told["on"],
            settings=LearningSettings(**told["settings"]),
            terms=Terms(**told["terms"]),
            cameras=tuple(cameras),
            sensors=tuple([SensorPupil(**one) for one in told["sensors"]]),
        )
