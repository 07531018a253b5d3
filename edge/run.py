"""`foresight run`: the daemon, from reading its configuration to the last message."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import cv2

from edge.assembly import proven
from edge.config.secrets import secrets_of
from edge.config.settings import Settings
from edge.contracts.bus import Message
from edge.contracts.errors import EdgeError
from edge.contracts.redact import RedactingFilter
from edge.contracts.topics import DEVICE
from edge.delivery import Delivery
from edge.health import give_back_memory
from edge.life.notify import Notifier
from edge.life.watchdog import Watchdog
from edge.orders import Loaded, Orders, Refused, Reloader, ReloadResult, signals
from edge.updating.control import RunningConfiguration
from edge.updating.lifecycle import UpdateLifecycle
from edge.updating.reader import ConfigurationReader
from edge.updating.redaction import redacted
from edge.updating.startup import record_shutdown, reloaded_settings, starting_settings
from edge.watch import Watch

CHANGE_S = 300.0  # every model may take a minute to be tried
MOST_EARLY = 64
LONGEST_STATE = 255  # what Home Assistant takes for a state
_log = logging.getLogger(__name__)


def run_daemon(path: Path) -> None:
    """Run until SIGTERM or SIGINT, or until every clip has ended where there are only clips; SIGHUP reloads.

    Raises:
        InvalidConfig: the configuration, or a model that it names, has problems; lists them all.
        ModelError: a model crashed or hung in its trial.
    """
    _begin_log()
    reader = ConfigurationReader(path)
    settings = starting_settings(reader)
    _hide_secrets(settings)
    cv2.setNumThreads(1)  # resizing one picture on several cores costs more than it saves
    Daemon(settings, lambda: _reread(reader), Notifier(), reader).run()
    record_shutdown(settings)


def _reread(reader: ConfigurationReader) -> Settings:
    """What is on disk now, known to run. Raises InvalidConfig or ModelError."""
    settings = reloaded_settings(reader)
    _hide_secrets(settings)
    return proven(settings)


class _Interrupted(BaseException):
    """The daemon was told to stop while it was loading."""


class Daemon:
    """Runs a configuration, and another one when it is asked to. One that turns out bad is left for the one before.

    Args:
        settings: to begin with.
        reread: what is on disk now; raises an EdgeError where that is of no use.
        notifier: of the service manager.
        reader: of the configuration, with which released files are taken up; None: none are.
    """

    def __init__(
        self,
        settings: Settings,
        reread: Callable[[], Settings],
        notifier: Notifier,
        reader: ConfigurationReader | None = None,
    ) -> None:
        self._first, self._reread, self._notifier = settings, reread, notifier
        self._orders = Orders()
        self._good: Settings | None = None  # the newest that ran
        self._tried = settings
        self._delivery: Delivery | None = None
        self._watch: Watch | None = None
        self._ready_s = math.inf  # by when the next watch runs, or the last one has ended
        self._result: ReloadResult = Loaded()  # of the change that leads to the next watch
        self._early: deque[Message] = deque(maxlen=MOST_EARLY)  # commands while nothing is watched
        self._updating = UpdateLifecycle(reader)

    def run(self) -> None:
        """Until it is told to stop, or every clip has ended."""
        following: Settings | None = self._first
        with (
            Reloader(self._reread, self._orders, self._say) as reloader,
            self._updating.begun(reloader.ask, self._adopt),
            signals(self._stop, reloader.ask),
            suppress(_Interrupted),
            Watchdog(self._notifier, self._due, self._mend),
        ):
            while following is not None:
                try:
                    following = self._serve(following, reloader)
                except Exception as error:  # noqa: BLE001 - what ran before must go on, whatever it is
                    following = self._back(error)

    def _stop(self) -> None:
        """Asked by a signal. What is being loaded may take its time, or hang: nothing of it is worth waiting for."""
        self._orders.stop()
        self._updating.control.end()
        if math.isfinite(self._ready_s):
            raise _Interrupted

    def _serve(self, settings: Settings, reloader: Reloader) -> Settings | None:
        """Run one configuration after another for as long as they agree on how messages leave; the next, if any."""
        self._tried = settings
        delivery = Delivery(settings)
        # Before it is entered: what the broker has kept for us comes with the connection, and only once.
        delivery.link.subscribe(delivery.topics.every_set, self._heard)
        delivery.link.subscribe(delivery.topics.teach, self._heard)
        delivery.link.subscribe(delivery.topics.learn_set, self._learn)
        delivery.link.subscribe(settings.homeassistant.birth_topic, self._born)
        self._updating.follow(settings, delivery.bus, delivery.topics)
        with delivery:
            self._delivery = delivery
            following: Settings | None = settings
            while following is not None and delivery.serves(following) and self._updating.serves(following):
                self._tried = following
                self._ready_s = time.monotonic() + CHANGE_S
                with Watch(following, delivery, self._orders.changed, reloader.ask, self._updating) as watch:
                    self._good, self._watch, self._ready_s = following, watch, math.inf
                    self._updating.control.started(RunningConfiguration(following, watch.models, watch.captured))
                    self._say(self._result)
                    self._result = Loaded()
                    while self._early:
                        watch.heard(self._early.popleft())
                    self._notifier.ready(f"{len(following.cameras)} cameras, {len(following.sensors)} sensors")
                    watch.run()
                    self._updating.control.stopped()
                    self._watch, self._ready_s = None, time.monotonic() + CHANGE_S
                give_back_memory()
                # Only now: leaving the watch sets the event that orders are taken by.
                following = self._orders.take()
                (self._notifier.reloading if following else self._notifier.stopping)()
            return following

    def _back(self, error: Exception) -> Settings:
        """What ran before a configuration that could not be run. Raises `error` where there is none."""
        if self._good is None or self._good is self._tried:
            raise error
        _log.error("the configuration stays as it was: %s", error, exc_info=not isinstance(error, EdgeError))
        self._result = Refused.of(error)
        return self._good

    def _adopt(self, settings: Settings) -> None:
        """They run now, without a change of configuration."""
        self._good = self._tried = settings

    def _due(self) -> Mapping[str, float]:
        """By when each stage comes round again, unless it hangs."""
        watch, delivery = self._watch, self._delivery
        stages = {"change of configuration": self._ready_s, **(delivery.due_s() if delivery else {})}
        return {**stages, **(watch.due_s() if watch else {})}

    def _mend(self) -> None:
        if watch := self._watch:
            watch.mend()

    def _heard(self, message: Message) -> None:
        if watch := self._watch:
            watch.heard(message)
        else:
            self._early.append(message)

    def _learn(self, message: Message) -> None:
        if watch := self._watch:
            watch.learning.heard(message)

    def _born(self, message: Message) -> None:
        if self._watch:
            self._watch.announcer.heard(message)

    def _say(self, result: ReloadResult) -> None:
        self._updating.control.reloaded(result)
        if self._delivery:
            topic = self._delivery.topics.state(DEVICE, "reload")
            self._delivery.bus.publish(topic, redacted(str(result), self._tried)[:LONGEST_STATE].encode(), retain=True)


def _begin_log() -> None:
    """Log to standard error, as systemd likes it."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _hide_secrets(settings: Settings) -> None:
    """From now on no line of the log shows them; those of an earlier configuration stay hidden too."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactingFilter(secrets_of(settings)))
