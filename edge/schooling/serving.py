"""Which weights serve: as the learner's files say at the start, and as its process says from then on."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.errors import EdgeError
from edge.learning.checkpoint import read_checkpoint
from edge.learning.shelf import Shelf
from edge.learning.standing import EXPORTED
from edge.schooling.taught import Served, Taught

_log = logging.getLogger(__name__)


class Serving:
    """Of all subjects. What cannot be read does not serve.

    Args:
        folder: of all that is learnt.
        taught: models by subject.
    """

    def __init__(self, folder: Path, taught: Mapping[str, Taught]) -> None:
        self._folder, self._taught = folder, taught
        self.since_utc_ns = dict.fromkeys(taught, 0)
        self.trouble = dict.fromkeys(taught, "")

    def begin(self) -> None:
        """Take up what served before; only while no process of the learner runs."""
        for name, taught in self._taught.items():
            try:
                shelf = self._shelf(name)
                self._put(name, shelf.checked(shelf.read()).serving, begins=True)
            except (EdgeError, OSError) as error:
                self.trouble[name] = f"the exported weights serve: {error}"
                _log.error("%s: %s", name, self.trouble[name])
            taught.turn()

    def follow(self, name: str, serving: str) -> None:
        """The learner says what is to serve. Where that cannot be read, what serves goes on until it is said again."""
        taught = self._taught[name]
        if serving == taught.wanted or (serving and serving == taught.refused):
            return
        try:
            self._put(name, serving)
            self.trouble[name] = ""
        except (EdgeError, OSError) as error:
            self.trouble[name] = str(error)
            _log.warning("%s: %s", name, error)

    def base(self) -> None:
        """Nobody watches over what was learnt: what is in the model files serves."""
        for name, taught in self._taught.items():
            if taught.wanted != EXPORTED:
                _log.warning("%s: the exported weights serve until the learner is back", name)
                self._put(name, EXPORTED)

    def _put(self, name: str, serving: str, *, begins: bool = False) -> None:
        taught, bundle = self._taught[name], self._taught[name].bundle
        if serving == EXPORTED:
            taught.put(taught.exported)
            self.since_utc_ns[name] = 0 if begins else time.time_ns()
            return
        found = read_checkpoint(self._folder / name, serving, bundle.sha256, bundle.head, len(taught.exported.weights))
        weights = self._shelf(name).weights(serving)  # which also looks at their number
        taught.put(Served(serving, weights))
        self.since_utc_ns[name] = int(found.made_utc_s * 1e9) if begins else time.time_ns()
        _log.info("%s: learnt weights %.12s serve, from %d samples", name, serving, found.samples)

    def _shelf(self, name: str) -> Shelf:
        taught = self._taught[name]
        return Shelf(self._folder / name, taught.bundle.sha256, taught.bundle.head, len(taught.exported.weights))
