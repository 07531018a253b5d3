"""The connection to the MQTT broker, kept up for as long as the daemon runs."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

from paho.mqtt.client import topic_matches_sub

from edge.contracts.backoff import Backoff
from edge.contracts.bus import Handler, Message, Settled
from edge.contracts.errors import BrokerError
from edge.mqtt.session import V5, V311, Session
from edge.mqtt.settings import MqttSettings

ONLINE, STOPPED = b"online", b"stopped"
STEADY_S = 5.0  # a connection that lasted so long was a good one
CLOSE_S = 5.0
LOG_PAUSE_S = 1.0
PATIENCE_S = 60.0  # a connection takes no longer to make, and to end, names looked up by the system included
_log = logging.getLogger(__name__)


class LinkStats(NamedTuple):
    """How the connection fares."""

    connected: bool
    session: int
    sessions: int  # since the start
    dropped: int  # volatile messages while there was no connection, or too slow a one
    alive: bool  # its thread runs
    protocol: str  # "5" or "3.1.1"


class MqttLink:
    """A `Carrier` through a broker. Use as a context manager; entering does not wait for the broker."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._available = f"{settings.base}/available"
        self._lock = threading.Lock()
        self._retained: dict[str, bytes] = {}
        self._handlers: list[tuple[str, Handler]] = [(self._available, self._on_available)]
        self._listeners: list[tuple[str, Handler]] = []
        self._hooks: list[Callable[[], None]] = []
        self._current: Session | None = None
        self._session = self._sessions = self._dropped = 0
        self._protocol = V5
        self._refused = ""
        self._logged_s = -LOG_PAUSE_S
        self._up_now = threading.Event()
        self._leaving = False
        self._stop = threading.Event()
        self.due_s = math.inf  # by when its thread comes round again, unless it hangs; `time.monotonic()`
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving = True
        current = self._current
        if current:
            gone = threading.Event()
            current.publish(self._available, STOPPED, 1, True, lambda _taken: gone.set())
            gone.wait(1.0)
        self._stop.set()
        if current:
            current.close()
        self._thread.join(CLOSE_S)

    @property
    def connected(self) -> bool:
        """Whether a message published now goes out."""
        return self._session > 0

    @property
    def session(self) -> int:
        """The number of this connection, counted from 1; 0 while there is none."""
        return self._session

    def stats(self) -> LinkStats:
        """How the connection fares."""
        version = "5" if self._protocol == V5 else "3.1.1"
        return LinkStats(self.connected, self._session, self._sessions, self._dropped, self._thread.is_alive(), version)

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait for a connection."""
        return self._up_now.wait(timeout_s)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """QoS 0 and dropped (counted) without a connection; retained: QoS 1, and again on each connection."""
        if retain:
            self._publish_retained(topic, payload)
            return
        current = self._current
        if current is None or not current.publish(topic, payload, 0, False, None):
            with self._lock:
                self._dropped += 1

    def send(self, topic: str, payload: bytes, settled: Settled) -> bool:
        """QoS 1; settled with the broker's PUBACK."""
        current = self._current
        return current is not None and current.publish(topic, payload, 1, False, settled)

    def subscribe(self, topic_filter: str, handler: Handler) -> None:
        """Call `handler` on the network thread for each message whose topic matches."""
        with self._lock:
            self._handlers.append((topic_filter, handler))
            current = self._current
        if current:
            current.subscribe([topic_filter])

    def listen(self, topic: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` on the network thread for each message on a topic; what is returned ends it. QoS 0."""
        with self._lock:
            self._listeners.append((topic, handler))
            current = self._current
        if current:
            current.subscribe([topic], 0)
        return lambda: self._unlisten(topic, handler)

    def on_change(self, hook: Callable[[], None]) -> None:
        """Call `hook` whenever `session` has changed."""
        self._hooks.append(hook)

    def _unlisten(self, topic: str, handler: Handler) -> None:
        with self._lock:
            self._listeners.remove((topic, handler))
            wanted = any(topic == other for other, _ in self._listeners)
            current = self._current
        if current and not wanted:
            current.unsubscribe(topic)

    def _publish_retained(self, topic: str, payload: bytes) -> None:
        with self._lock:
            self._retained[topic] = payload
            current = self._current
        if current:
            current.publish(topic, payload, 1, True, None)

    def _run(self) -> None:
        backoff = Backoff(self._settings.reconnect_max_s)
        while not self._stop.is_set():
            begun_s = time.monotonic()
            self.due_s = begun_s + PATIENCE_S
            try:
                again = self._attempt()
            except Exception:  # noqa: BLE001 - the link must live: whatever it is, it is tried again
                _log.exception("the connection to the broker failed; trying again")
                again = False
            if time.monotonic() - begun_s >= STEADY_S:
                backoff.reset()
            if not again:
                pause_s = backoff.next_s()
                self.due_s = time.monotonic() + pause_s + PATIENCE_S
                self._stop.wait(pause_s)
        self.due_s = math.inf

    def _attempt(self) -> bool:
        """One connection from beginning to end; True when the next attempt need not wait."""
        session = None
        try:
            session = Session(self._settings, self._protocol, self._up, self._dispatch)
            session.open(self._stop)
            self._refused = ""
            while not session.ended.wait(0.5) and not self._stop.is_set():
                self.due_s = time.monotonic() + PATIENCE_S
        except BrokerError as error:
            return self._not_connected(error, session)
        finally:
            self._down(session)
        return False

    def _not_connected(self, error: BrokerError, session: Session | None) -> bool:
        # A broker that knows only 3.1.1 says so, or closes the connection without a word.
        if session and (session.wrong_version or (session.ended.is_set() and not session.answered)):
            self._protocol = V311 if self._protocol == V5 else V5
            if session.wrong_version and self._protocol == V311:
                _log.info("the broker does not know MQTT 5; using 3.1.1")
                return True
        if str(error) != self._refused and not self._stop.is_set():
            self._refused = str(error)
            _log.warning("MQTT broker: %s; trying again, at most every %g s", error, self._settings.reconnect_max_s)
        return False

    def _up(self, session: Session) -> None:
        """The broker said yes: subscribe, say how things are, and only then that we are online."""
        with self._lock:
            self._current = session
            filters = list(dict.fromkeys(topic_filter for topic_filter, _ in self._handlers))
            quiet = list(dict.fromkeys(topic for topic, _ in self._listeners))
            retained = list(self._retained)
            self._sessions += 1
        session.subscribe(filters)
        session.subscribe(quiet, 0)
        for topic in retained:
            with self._lock:  # else what is set meanwhile would be overtaken by what was
                session.publish(topic, self._retained[topic], 1, True, None)
        session.publish(self._available, ONLINE, 1, True, None)
        self._session = self._sessions
        self._up_now.set()
        _log.info("connected to %s:%d as %s", self._settings.host, self._settings.port, self._settings.name)
        self._changed()

    def _down(self, session: Session | None) -> None:
        was = self._session
        with self._lock:
            self._current, self._session = None, 0
        self._up_now.clear()
        if session:
            session.close()
        if was:
            if not self._stop.is_set():
                reason = session.reason if session else ""
                _log.warning("lost %s:%d: %s; reconnecting", self._settings.host, self._settings.port, reason)
            self._changed()

    def _changed(self) -> None:
        for hook in self._hooks:
            with contextlib.suppress(Exception):
                hook()

    def _dispatch(self, message: Message) -> None:
        with self._lock:
            handlers = [handler for wanted, handler in self._handlers if topic_matches_sub(wanted, message.topic)]
            handlers += [handler for wanted, handler in self._listeners if wanted == message.topic]
        for handler in handlers:
            try:
                handler(message)
            except Exception:  # noqa: BLE001 - no message may end the network thread
                self._log_rarely(message)

    def _log_rarely(self, message: Message) -> None:
        now_s = time.monotonic()
        if now_s - self._logged_s >= LOG_PAUSE_S:
            self._logged_s = now_s
            _log.exception("handling a message on %.100r failed", message.topic)

    def _on_available(self, message: Message) -> None:
        """Somebody, such as the last will of an older connection, says that we are not there: we are."""
        if message.payload != ONLINE and self.connected and not self._leaving:
            current = self._current
            if current:
                current.publish(self._available, ONLINE, 1, True, None)
