"""Keeps the updates of a daemon going for as long as its own configuration wants the same of them."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.topics import Topics
from edge.observer import Observer
from edge.retained import RetainedTopics
from edge.updating.control import DaemonControl
from edge.updating.reader import ConfigurationReader
from edge.updating.side import UpdateSide, kept

_log = logging.getLogger(__name__)


class UpdateLifecycle:
    """Nothing is taken up without a `reader`, or where the device's own configuration does not want it.

    Args:
        reader: of the configuration.
    """

    def __init__(self, reader: ConfigurationReader | None) -> None:
        self._reader = reader
        self._stack = ExitStack()
        self._side: UpdateSide | None = None
        self._wanted: tuple[object, ...] = ()
        self.control = DaemonControl(lambda: None, lambda _: None)

    @contextmanager
    def begun(self, ask: Callable[[], object], adopted: Callable[[Settings], None]) -> Iterator[None]:
        """While the block runs. See `DaemonControl`."""
        self.control = DaemonControl(ask, adopted)
        try:
            yield
        finally:
            self.control.end()
            self._stack.close()

    @property
    def observers(self) -> Sequence[Observer]:
        """Who wants to know what is seen."""
        return [self._side.health] if self._side else []

    @property
    def places(self) -> Sequence[str]:
        """Where released files are taken up."""
        return self._side.places if self._side else ()

    def serves(self, settings: Settings) -> bool:
        """Whether another configuration wants the same of it."""
        return self._wanted == kept(settings)

    def follow(self, settings: Settings, bus: RetainedTopics, topics: Topics) -> None:
        """From now on this bus leads to the broker; it is not connected yet."""
        if self._wanted != kept(settings):
            self._stack.close()
            self._wanted, self._side = kept(settings), self._opened(settings)
        if self._side is not None:
            self._side.follow(bus)
            return
        for topic in sorted(bus.under(f"{topics.base}/update/")):  # of when there were updates
            bus.publish(topic, b"", retain=True)

    def _opened(self, settings: Settings) -> UpdateSide | None:
        if self._reader is None or not settings.updates.enabled:
            return None
        try:
            return self._stack.enter_context(UpdateSide(settings, self._reader, self.control))
        except (EdgeError, OSError) as error:
            _log.error("no updates are taken up: %s", error)
            return None
