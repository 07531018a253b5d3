"""How a subject goes on: where it stands, whose weights those are, and how they do live; on disk first."""

import logging
from pathlib import Path

from edge.contracts.types import F32, ModelBundle
from edge.learning.checkpoint import Checkpoint
from edge.learning.learnt import sizes
from edge.learning.promotion import Event, Live, RolledBack, Terms, after
from edge.learning.round import NEVER_S
from edge.learning.shelf import Learnt, Shelf
from edge.learning.standing import EXPORTED, Standing
from edge.learning.tally import Tally

_log = logging.getLogger(__name__)

CHOSEN_BY_S = "chosen_by_s"  # among the scores of a checkpoint


class Course:
    """Keep one for each subject. Not thread-safe.

    Args:
        folder: of the subject; is made when something is written.
        bundle: of the model.
        exported: (N,) weights of the model as it was opened.
        terms: when what happens.

    Raises:
        StateError, NewerCheckpointError: a newer program wrote what lies there.
    """

    def __init__(self, folder: Path, bundle: ModelBundle, exported: F32, terms: Terms) -> None:
        self._exported, self._terms = exported, terms
        self._shelf = Shelf(folder, bundle.sha256, bundle.head, sizes(bundle))
        self._standing = self._shelf.checked(self._shelf.read())
        self._shelf.tidy(self._standing)
        self.live = Tally(folder, terms.window, self._standing)
        self.trouble = ""  # why the disk does not take where it stands, else ""
        self._load()

    @property
    def standing(self) -> Standing:
        """Where it stands."""
        return self._standing

    @property
    def serving(self) -> F32:
        """What serves: (N,) weights, or more with a flow map, see `edge.learning.learnt`."""
        return self._weights[0]

    @property
    def candidate(self) -> F32 | None:
        """What is in the shadow, likewise; None where nothing is."""
        return self._weights[1]

    def put(self, checkpoint: Checkpoint) -> str:
        """Write weights; their name. Raises OSError."""
        return self._shelf.put(checkpoint)

    def happened(self, event: Event) -> bool:
        """Go on to where the event leads; False where it leads nowhere.

        What the disk does not take does not happen, except that what serves is always sent back to the exported.
        """
        before, now = self._standing, after(self._standing, event, self._terms)
        if now == before:
            return False
        try:
            self._shelf.write(now)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"the disk does not take where learning stands: {error}"
            _log.error("%s", self.trouble)
            if not isinstance(event, Live | RolledBack) or now.serving == before.serving or now.serving != EXPORTED:
                return False
        self._standing = now = self._shelf.checked(now)
        self._load()
        self.live.follow(now)
        return True

    def _load(self) -> None:
        standing = self._standing
        serving = self._shelf.learnt(standing.serving) if standing.serving else Learnt(self._exported, {})
        self._weights = serving.numbers, self._shelf.learnt(standing.candidate).numbers if standing.candidate else None
        self.chosen_by_s = serving.scores.get(CHOSEN_BY_S, NEVER_S)  # begin of the newest sample that has chosen it
