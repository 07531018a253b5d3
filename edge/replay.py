"""`foresight replay`: a clip through the chain, every frame of it, into an annotated video and lines of JSON."""

import time
from contextlib import ExitStack
from pathlib import Path

import cv2
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from edge.adhoc import CAMERA, adhoc_settings, clip_length, street_clip
from edge.assembly import Models, build_camera
from edge.contracts.errors import EdgeError
from edge.contracts.types import Event
from edge.engine import Camera, Engine
from edge.health import StageClock
from edge.pipeline import Followed
from edge.recording import Annotator, Clip, JsonLines


class _Progress:
    """An observer that moves a progress bar, and lets no error pass."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar, self._task = bar, task
        self.frames = self.events = 0
        self.tracks: set[int] = set()

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Count one frame."""
        self.frames += 1
        self.events += len(followed.events)
        self.tracks.update(followed.tracks.id.tolist())
        self._bar.advance(self._task)

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """The clip has ended."""
        self.events += len(events)

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """A replay is for finding out: stop at the first error."""
        raise error
