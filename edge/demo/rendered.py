"""The rendered street as the commands show it: one seed and one frame rate, so that their results compare."""

from edge.demo.source import StreetSource
from edge.demo.street import Street

STREET_FPS = 15.0
STREET_SEED = 1


def rendered(camera: str, seconds: float) -> StreetSource:
    """So many seconds of the street (infinity = without end), as fast as they are read."""
    return StreetSource(camera, Street(STREET_SEED), STREET_FPS, seconds, paced=False)
