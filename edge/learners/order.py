"""What the learner's process is told when it starts, as JSON on its command line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from edge.learning.promotion import Terms
from edge.learning.settings import LearningSettings


@dataclass(frozen=True, slots=True)
class CameraTask:
    """A camera whose path model learns."""

    name: str
    path: str  # of the model
    sha256: str  # of the file
    labels: tuple[str, ...]  # of the camera's detector, which the labels of tracks index


@dataclass(frozen=True, slots=True)
class SensorTask:
    """A sensor whose series model learns, or whose scorer."""

    name: str
    path: str
    sha256: str
    gap_steps: int  # after a longer silence its grid begins anew
    share: float = 1.0  # of its scorer's limit from which a window is told as an anomaly, at most 1


Task = CameraTask | SensorTask


@dataclass(frozen=True, slots=True)
class Order:
    """All of it. Numbers of subjects in messages count the cameras first, then the sensors."""

    folder: str  # of all that is learnt
    run: str  # names this start of the daemon
    on: bool
    settings: LearningSettings
    terms: Terms
    cameras: tuple[CameraTask, ...]
    sensors: tuple[SensorTask, ...]
    rests_s: Mapping[str, float]  # before a subject is trained, by its name; of those that the process died of

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All of them, by number."""
        return (*self.cameras, *self.sensors)

    def encode(self) -> str:
        """As JSON."""
        return json.dumps({**asdict(self), "settings": self.settings.model_dump()})

    @classmethod
    def decode(cls, text: str) -> "Order":
        """What `encode` gave."""
        told = json.loads(text)
        cameras = [CameraTask(**{**one, "labels": tuple(one["labels"])}) for one in told["cameras"]]
        return cls(
            folder=told["folder"],
            run=told["run"],
            on=told["on"],
            settings=LearningSettings(**told["settings"]),
            terms=Terms(**told["terms"]),
            cameras=tuple(cameras),
            sensors=tuple([SensorTask(**one) for one in told["sensors"]]),
            rests_s=told["rests_s"],
        )
