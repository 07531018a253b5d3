"""`foresight run`: the daemon, from reading its configuration to the last message."""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import cv2

from edge.assembly import Models, build_camera
from edge.check import check_loaded
from edge.config.loader import load_with_places
from edge.config.problems import InvalidConfig
from edge.config.secrets import secrets_of
from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.contracts.messages import encode_stats
from edge.contracts.redact import RedactingFilter
from edge.contracts.topics import Topics
from edge.contracts.types import Event
from edge.engine import Camera, Engine
from edge.health import StageClock
from edge.monitor import Monitor
from edge.mqtt.link import MqttLink
from edge.outbox.outbox import Outbox
from edge.outbox.sender import Sender
from edge.outputs import writable_folder
from edge.pipeline import Followed
from edge.publisher import Publisher
from edge.stopping import stopped_by_signals

STATS_S, FIRST_STATS_S = 60.0, 5.0
LOG_PAUSE_S = 60.0
DRAIN_S = 1.0  # what stopping may take longer so that objects are told to have ended
_log = logging.getLogger(__name__)


class TroubleLog:
    """Says when frames cannot be followed, once a minute per camera; the daemon goes on."""

    def __init__(self) -> None:
        self._said_s: dict[str, float] = {}

    def seen(self, camera: Camera, followed: Followed) -> None:
        """All is well."""

    def gone(self, camera: Camera, events: list[Event]) -> None:
        """The camera's thread has said so."""

    def failed(self, camera: Camera, error: EdgeError) -> None:
        """Log, but not for every frame."""
        now_s = time.monotonic()
        if now_s - self._said_s.get(camera.name, -LOG_PAUSE_S) >= LOG_PAUSE_S:
            self._said_s[camera.name] = now_s
            _log.error("camera %s: a frame could not be followed: %s", camera.name, error)


def run_daemon(path: Path) -> None:
    """Run until SIGTERM or SIGINT, or until every clip has ended where there are only clips.

    Raises:
        InvalidConfig: the configuration, or a model that it names, has problems; lists them all.
        ModelError: a model crashed or hung in its trial.
    """
    loaded = load_with_places(path, Settings)
    report = check_loaded(loaded)
    if report.problems:
        raise InvalidConfig(report.problems)
    _begin_log(loaded.settings)
    run_settings(loaded.settings)


def run_settings(settings: Settings) -> None:
    """The same for a configuration that is known to be good."""
    cv2.setNumThreads(1)  # resizing one picture on several cores costs more than it saves
    state_dir = writable_folder(settings.device.state_dir, "device.state_dir")
    topics = Topics(settings.mqtt.device, settings.mqtt.prefix)
    clocks = {name: StageClock() for name in settings.cameras}
    monitor = Monitor(clocks)
    with ExitStack() as stack:
        stopping = stack.enter_context(stopped_by_signals())
        # The outbox first: its lock tells a second daemon to go before it takes the first one's place at the broker.
        outbox = stack.enter_context(Outbox(state_dir / "outbox.db", settings.outbox))
        models = stack.enter_context(Models(settings.runtime, state_dir))
        cameras = [build_camera(settings, name, models, clocks[name]) for name in settings.cameras]
        link = stack.enter_context(MqttLink(settings.mqtt))
        stack.enter_context(Sender(outbox, link, topics.ack, settings.outbox))
        publisher = Publisher(link, outbox, topics, secrets.token_hex(4), settings.publish)
        engine = stack.enter_context(Engine(cameras, [publisher, monitor, TroubleLog()], stopping))

        def tell() -> None:
            health = monitor.report(engine.counts(), models.runtimes, outbox.stats())
            link.publish(topics.stats, encode_stats(health, topics.device, time.time_ns()))

        stack.enter_context(Periodic(tell, STATS_S))
        engine.run()
        _drain(outbox, link)


def _drain(outbox: Outbox, link: MqttLink) -> None:
    """Give the last events a moment to go out; what does not make it waits on disk for the next start."""
    deadline_s = time.monotonic() + DRAIN_S
    while link.connected and time.monotonic() < deadline_s:
        stats = outbox.stats()
        if not stats.rows and not stats.waiting:
            return
        time.sleep(0.02)


class Periodic:
    """Calls a function on a thread of its own, again and again. Use as a context manager."""

    def __init__(self, call: Callable[[], None], period_s: float) -> None:
        self._call, self._period_s = call, period_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="periodic", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        wait_s = FIRST_STATS_S
        while not self._stop.wait(wait_s):
            wait_s = self._period_s
            try:
                self._call()
            except Exception:  # noqa: BLE001 - a report that fails must not be the last
                _log.exception("the report failed")


def _begin_log(settings: Settings) -> None:
    """Log to standard error, as systemd likes it, without secrets."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(RedactingFilter(secrets_of(settings)))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
