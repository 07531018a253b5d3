"""How long a clip is, before it is played."""

import cv2

from edge.cameras.settings import AnySettings, FileSettings

_USUAL_FPS = 25.0


def clip_length(source: AnySettings) -> tuple[int, float]:
    """Frames (0 = not known) and frames per second of a clip."""
    if not isinstance(source, FileSettings):
        return 0, getattr(source, "fps", _USUAL_FPS)
    capture = cv2.VideoCapture(str(source.path))
    try:
        fps = capture.get(cv2.CAP_PROP_FPS)
        return max(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), 0), fps if 0 < fps < 1000 else _USUAL_FPS
    finally:
        capture.release()
