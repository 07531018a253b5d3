"""The sensors and microphones of a configuration at work, and everybody who wants to know what they say."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from edge.assembly import Models
from edge.composed import Composed
from edge.config.settings import ModelFile, Settings
from edge.contracts.sensors import SensorHealth
from edge.control.panel import Said
from edge.delivery import Delivery
from edge.grouping import GroupBook
from edge.groups.groups import Groups
from edge.hearing.grouping import WindowGroups
from edge.hearing.sounds import Hearing
from edge.hearing.telling import RecognitionPublisher
from edge.hearing.values import ValueListener, with_grids
from edge.periodic import Periodic
from edge.scorers import build_scorer
from edge.sensing.build import build_sensing
from edge.sensing.hub import Sensing
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.publisher import SensorPublisher

SOON_S, KEEP_S = 1.0, 60.0


class SensorSide(Composed):
    """Use as a context manager: entering opens the sources.

    Args:
        settings: what is listened to, and how.
        delivery: what is found out leaves by it, and readings come by its broker.
        models: of the forecasters and scorers.
        run: names this start of the daemon.
        more: who wants to know what sensors tell as well.
    """

    def __init__(
        self, settings: Settings, delivery: Delivery, models: Models, run: str, more: Sequence[SensorObserver] = ()
    ) -> None:
        self._settings, self._delivery, self._models, self._run = settings, delivery, models, run
        self._more = more
        self._told: dict[str, bytes] = {}  # what was said of each microphone

    def _open(self, stack: ExitStack) -> None:
        settings, delivery = self._settings, self._delivery
        told = RecognitionPublisher(delivery.bus, delivery.outbox, delivery.topics, self._run)
        self._values = ValueListener(settings.sensors, settings.runtime, delivery.state_dir, told, stack)
        self._groups = WindowGroups(delivery.bus, delivery.topics, stack)
        self._groups.open(settings.sensors, settings.groups, settings.runtime, delivery.state_dir)
        self._books = {name: self._book(name, groups, stack) for name, groups in self._groups.groups.items()}
        self._hearing = Hearing(settings.sounds, settings.runtime, delivery.state_dir, told)
        self._sensing = stack.enter_context(self._sensors())
        stack.enter_context(self._hearing)
        stack.callback(self._end)  # goes first: nobody waits for one side before the other knows

    @property
    def classes(self) -> Mapping[str, tuple[str, ...]]:
        """What each classifier tells apart, by sensor or microphone."""
        return {**self._values.options, **self._hearing.options}

    @property
    def said(self) -> Mapping[str, Said]:
        """Who takes the names that people give to groups of windows, by sensor."""
        return {name: book.heard for name, book in self._books.items()}

    def steps_s(self) -> Mapping[str, float]:
        """Seconds from one node of each sensor's grid to the next."""
        return self._sensing.steps_s()

    def health(self) -> tuple[SensorHealth, ...]:
        """How each sensor fares."""
        return self._sensing.health()

    def due_s(self) -> Mapping[str, float]:
        """By when each thread comes round again, unless it hangs, by its name."""
        return {**self._sensing.due_s(), **self._hearing.due_s()}

    def wait(self, ended: threading.Event) -> None:
        """Until `ended` is set, or every recording is at its end."""
        self._sensing.wait(ended)
        self._hearing.wait(ended)

    def tell(self) -> None:
        """Whether each microphone is heard, where that has changed."""
        told = {name: b"online" if heard else b"offline" for name, heard in self._hearing.heard.items()}
        for name, payload in told.items():
            if self._told.get(name) != payload:
                self._delivery.bus.publish(self._delivery.topics.sensor_status(name), payload, retain=True)
        self._told = told

    def _book(self, sensor: str, groups: Groups, stack: ExitStack) -> GroupBook:
        book = GroupBook(self._delivery.bus, self._delivery.topics, groups, self._delivery.state_dir, sensor)
        stack.callback(book.remember, now=True)
        stack.enter_context(Periodic(book.tell, SOON_S, SOON_S))
        stack.enter_context(Periodic(book.remember, KEEP_S, KEEP_S))
        return book

    def _end(self) -> None:
        self._sensing.end()
        self._hearing.end()

    def _sensors(self) -> Sensing:
        sensors, delivery = self._settings.sensors, self._delivery
        rates = {name: sensor.publish_per_s for name, sensor in sensors.items()}
        publisher = SensorPublisher(delivery.bus, delivery.outbox, delivery.topics, self._run, rates)
        runtimes = {
            name: self._models.forecaster(name, ModelFile(path=sensor.model))
            for name, sensor in sensors.items()
            if sensor.model
        }
        gridded = with_grids(sensors)
        scorers = {name: build_scorer(name, sensor, self._models) for name, sensor in gridded.items() if sensor.scorer}
        return build_sensing(
            gridded,
            [publisher, self._values, self._groups, *self._more],
            SensorMemory(delivery.state_dir),
            delivery.link,
            lambda: delivery.link.connected,
            runtimes,
            scorers,
        )
