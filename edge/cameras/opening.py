"""From settings to a source: the table of kinds."""

from collections.abc import Callable
from typing import Any

from edge.cameras.ffmpeg import FfmpegSource
from edge.cameras.file import FileSource
from edge.cameras.images import ImagesSource
from edge.cameras.network import NetworkSource
from edge.cameras.picamera import PicameraSource
from edge.cameras.settings import AnySettings
from edge.cameras.source import Paint, Source, leave
from edge.cameras.v4l2 import V4l2Source

Opener = Callable[[str, Any, Paint], Source]

SOURCES: dict[str, Opener] = {
    "file": FileSource,
    "images": ImagesSource,
    "v4l2": V4l2Source,
    "network": NetworkSource,
    "ffmpeg": FfmpegSource,
    "picamera": PicameraSource,
}


def open_source(camera: str, settings: AnySettings, paint: Paint = leave) -> Source:
    """The source that the settings describe, to be entered as a context manager.

    Args:
        camera: its name, as frames and messages carry it.
        settings: of any kind.
        paint: blackens, in place, what nobody may see; called on every picture before anything else sees it.
    """
    return SOURCES[settings.kind](camera, settings, paint)
