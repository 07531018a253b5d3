"""Which weights serve: as the learner's files say at the start, and as its process says from then on."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.errors import EdgeError
from edge.learners.adaptive import AdaptiveModel, Served
from edge.learning.checkpoint import read_checkpoint
from edge.learning.learnt import sizes
from edge.learning.shelf import Shelf
from edge.learning.standing import EXPORTED

_log = logging.getLogger(__name__)


class Serving:
    """Of all subjects. What cannot be read does not serve.

    Args:
        folder: of all that is learnt.
        models: by subject.
    """

    def __init__(self, folder: Path, models: Mapping[str, AdaptiveModel]) -> None:
        self._folder, self._models = folder, models
        self.since_utc_ns = dict.fromkeys(models, 0)
        self.trouble = dict.fromkeys(models, "")

    def begin(self) -> None:
        """Take up what served before; only while no process of the learner runs."""
        for name, model in self._models.items():
            try:
                shelf = self._shelf(name)
                self._put(name, shelf.checked(shelf.read()).serving, begins=True)
            except (EdgeError, OSError) as error:
                self.trouble[name] = f"the exported weights serve: {error}"
                _log.error("%s: %s", name, self.trouble[name])
            model.turn()

    def follow(self, name: str, serving: str) -> None:
        """The learner says what is to serve. Where that cannot be read, what serves goes on until it is said again."""
        model = self._models[name]
        if serving and serving == model.refused:
            return
        try:
            if serving != model.wanted:
                self._put(name, serving)
            self.trouble[name] = ""
        except (EdgeError, OSError) as error:
            self.trouble[name] = str(error)
            _log.warning("%s: %s", name, error)

    def base(self) -> None:
        """Nobody watches over what was learnt: what is in the model files serves."""
        for name, model in self._models.items():
            if model.wanted != EXPORTED:
                _log.warning("%s: the exported weights serve until the learner is back", name)
                self._put(name, EXPORTED)

    def _put(self, name: str, serving: str, *, begins: bool = False) -> None:
        model, bundle = self._models[name], self._models[name].bundle
        if serving == EXPORTED:
            model.put(model.exported)
            self.since_utc_ns[name] = 0 if begins else time.time_ns()
            return
        found = read_checkpoint(self._folder / name, serving, bundle.sha256, bundle.head, max(sizes(bundle)))
        weights = self._shelf(name).learnt(serving).numbers  # which also looks at their number
        model.put(Served(serving, weights, found.scores))
        self.since_utc_ns[name] = int(found.made_utc_s * 1e9) if begins else time.time_ns()
        _log.info("%s: learnt weights %.12s serve, from %d samples", name, serving, found.samples)

    def _shelf(self, name: str) -> Shelf:
        model = self._models[name]
        return Shelf(self._folder / name, model.bundle.sha256, model.bundle.head, sizes(model.bundle))
