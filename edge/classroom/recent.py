"""What people may teach: looks at the tracks that are there or were lately."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from edge.contracts.errors import MessageError
from edge.contracts.types import F32
from edge.teaching.teacher import Teacher

TOLD = 5  # of what can be taught, where something else was asked for
RECENT = 64  # tracks of a camera, those that are gone among them: people need a while to type


class RecentLooks:
    """Looks at the tracks of all cameras that are there or were lately. May be used on any thread."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._looks: dict[str, OrderedDict[int, F32]] = {}

    def put(self, camera: str, looks: Mapping[int, F32]) -> None:
        """What is known of the tracks that are there now: looks (S, D) at each."""
        with self._lock:
            kept = self._looks.setdefault(camera, OrderedDict())
            for track, vectors in looks.items():
                kept[track] = vectors
                kept.move_to_end(track)
            while len(kept) > max(RECENT, len(looks)):
                kept.popitem(last=False)

    def of(self, camera: str, track: int) -> F32:
        """The looks (S, D) at a track. Raises MessageError: there are none, or they are too long ago."""
        with self._lock:
            kept = self._looks.get(camera) or OrderedDict()
            if track in kept:
                return kept[track]
            if kept:
                known = f"the newest that can be taught: {', '.join(map(str, list(kept)[: -TOLD - 1 : -1]))}"
            else:
                seeing = sorted(name for name, looks in self._looks.items() if looks)
                known = f"none of this camera, but of: {', '.join(seeing[:TOLD]) or 'none yet'}"
        raise MessageError(f"teach: no looks at {camera}/{track}: never seen well enough, or too long ago; {known}")

    def lesson(self, camera: str, track: int) -> str:
        """What a lesson about a track is filed under."""
        return f"{self._run}/{camera}/{track}"


@dataclass(frozen=True, slots=True)
class School:
    """What the cameras share with whoever takes the lessons."""

    teacher: Teacher
    recent: RecentLooks
