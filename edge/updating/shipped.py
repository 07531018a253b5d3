"""What serves where nothing was released for: what the device was shipped with."""

from collections.abc import Iterator

from edge.contracts.errors import ModelError
from edge.contracts.update_state import CONFIGURATION, Running
from edge.updating.seat import Present, Seat
from edge.updating.sites import sites


class Shipped:
    """Tells it of what runs now. Files are read once for each configuration. Any thread."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        self._known: tuple[Present | None, tuple[Running, ...]] = (None, ())

    def __call__(self) -> tuple[Running, ...]:
        """By place; of a place with released files, whatever was there when the configuration was taken up."""
        present = self._seat.present
        if present is not None and self._known[0] is not present:
            self._known = (present, tuple(_told(present)))
        return self._known[1]


def _told(present: Present) -> Iterator[Running]:
    yield Running(CONFIGURATION, "", "", present.settings.release, 0)
    for site in {site.place: site for site in sites(present.settings)}.values():
        try:
            bundle = site.file.read()
        except ModelError:
            continue
        yield Running(site.place, "", bundle.version, bundle.sha256, 0)
