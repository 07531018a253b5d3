"""What people have turned outlives a restart: a camera that was switched off stays off after a power cut."""

import logging
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.stored import Stored
from edge.control.panel import Turned

FILE_NAME = "controls.json"
_log = logging.getLogger(__name__)


class ControlMemory:
    """One small file in the state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._stored = Stored(state_dir / FILE_NAME)
        self._kept = self._read()

    def load(self) -> dict[str, Turned]:
        """What was kept, by `<camera>/<thing>`; by this process, where the disk took nothing."""
        return dict(self._kept)

    def keep(self, turned: Mapping[str, Turned]) -> None:
        """Keep this from now on; writes only what is new. A disk that cannot be written costs the memory of it."""
        if turned == self._kept:
            return
        self._kept = dict(turned)
        try:
            self._stored.write({name: (one.wanted, one.configured) for name, one in turned.items()})
        except OSError as error:
            _log.warning("after a restart, cameras and thresholds will stand as configured: %s", error)

    def _read(self) -> dict[str, Turned]:
        told = self._stored.read()
        found = {}
        for name, pair in told.items() if isinstance(told, Mapping) else ():
            match pair:
                case [str(wanted), str(configured)]:
                    found[name] = Turned(wanted, configured)
        return found
