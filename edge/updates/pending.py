"""What installers are still to do since it was written down: done again and again until it is."""

import logging

from edge.contracts.backoff import Backoff
from edge.updates import state as states
from edge.updates.context import UpdateContext
from edge.updates.schedule import FIRST_S
from edge.updates.state import Action
from edge.updates.trust.refusal import RefusedError

_log = logging.getLogger(__name__)


class PendingActions:
    """One thread uses it.

    Args:
        context: of the machine.
    """

    def __init__(self, context: UpdateContext) -> None:
        self._context = context
        self._backoff = Backoff(context.settings.retry_s, FIRST_S)
        self._next_s = 0.0

    def turn(self) -> bool:
        """Have them done, when it is time; whether they are. Raises OSError: done again with a later turn."""
        if self._context.now_s() < self._next_s:
            return False
        self._next_s = self._context.now_s() + self._backoff.next_s()
        try:
            self._complete()
        except RefusedError as error:
            _log.warning("what was written down is not done yet: %s", error)
            return False
        self._next_s = 0.0
        self._backoff.reset()
        return True

    def _complete(self) -> None:
        context = self._context
        for place, pending in context.state.pending.items():
            installer = context.installers.get(pending.artifact.purpose.kind)
            if installer is not None:
                act = {Action.COMMIT: installer.commit, Action.ROLL_BACK: installer.roll_back}[pending.action]
                act(context.stored(pending.artifact))
            context.write(states.completed(context.state, place))
