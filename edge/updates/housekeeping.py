"""Which files stay on disk: those that serve, and those that are about to."""

from collections.abc import Iterable

from edge.updates.context import UpdateContext
from edge.updates.startup import FILES


class Housekeeping:
    """Deletes nothing before it is known what is wanted. One thread uses it.

    Args:
        context: of the machine.
    """

    def __init__(self, context: UpdateContext) -> None:
        self._context = context
        self._known = False  # since the start
        self._needed: set[str] = set()

    def need(self, hashes: Iterable[str]) -> None:
        """These files, by SHA-256, are released and still to serve; no others are."""
        self._known, self._needed = True, set(hashes)

    def drop(self, sha256: str) -> None:
        """That file is not to serve any more."""
        self._needed.discard(sha256)

    def tidy(self) -> None:
        """Delete what serves nowhere, and is not about to. Raises OSError."""
        if not self._known:
            return
        state = self._context.state
        kept = {artifact.sha256 for artifact in state.good.values() if artifact.purpose.kind in FILES}
        kept |= {trial.artifact.sha256 for trial in state.trials.values()}
        kept |= {pending.artifact.sha256 for pending in state.pending.values()}
        self._context.store.sweep(kept | self._needed)
        self._context.releases.tidy(self._needed)
