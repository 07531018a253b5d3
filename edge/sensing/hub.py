"""All sensors at work, on one thread beside the cameras'.

Why a thread of its own, and not a turn on the inference thread of the cameras: there a reading would wait behind the
detector, for half a second on a small board, and each reading would take its turn from a frame. A sample costs a
millisecond or two, most of it inside NumPy; so one thread serves hundreds of samples a second, and a camera waits for
it no longer than Python takes to hand over (5 ms at worst). It wakes at most twenty times a second, unless more came
than one round takes.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from edge.contracts.sensors import SensorHealth
from edge.periodic import Periodic
from edge.sensing.chain import SensorChain
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sensors.intake import Intake
from edge.sensors.source import Source

PATIENCE_S = 30.0  # one round takes no longer
CLOSE_S = 2.0
TURN = 64  # messages of one sensor before the next one has its turn
_WAIT_S, _REST_S = 0.2, 0.05
_STATUS_S, _FLUSH_S = 1.0, 1.0
_LOG_PAUSE_S = 60.0
_DROPPED = "came faster than they can be followed; the oldest were dropped; let it send fewer, or raise window.queue"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Sensor:
    """One sensor and what belongs to it."""

    chain: SensorChain
    source: Source
    intake: Intake
    working: bool = False  # on what was taken out of its intake
    failed: int = 0
    failed_s: float = -_LOG_PAUSE_S  # when a fault was last told of
    kept_s: float = math.nan  # when its state was last offered
    told: int = 0  # readings dropped, as told of


class Sensing:
    """Use as a context manager: entering starts sources and thread, leaving keeps what was learnt.

    Args:
        sensors: their intakes share `arrived`.
        observers: told of all.
        memory: of what they teach.
        arrived: set when a reading comes.
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        observers: Sequence[SensorObserver],
        memory: SensorMemory,
        arrived: threading.Event,
    ) -> None:
        self._sensors, self._observers, self._memory, self._arrived = sensors, observers, memory, arrived
        self._stop = threading.Event()
        self._due_s = math.inf
        self._flushing = Periodic(memory.flush, _FLUSH_S, _FLUSH_S)
        self._thread = threading.Thread(target=self._run, name="sensors", daemon=True)

    def __enter__(self) -> Self:
        if not self._sensors:
            return self
        for index, sensor in enumerate(self._sensors):
            sensor.chain.restore(self._memory.load(sensor.chain.name))
            early_s = sensor.chain.settings.remember_s * index / len(self._sensors)  # not all in the same second
            sensor.kept_s = time.monotonic() - early_s
        self._flushing.__enter__()
        self._thread.start()
        for sensor in self._sensors:
            sensor.source.begin(sensor.intake.offer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._sensors:
            return
        self.end()
        until_s = time.monotonic() + CLOSE_S
        for sensor in self._sensors:
            sensor.source.close(max(0.0, until_s - time.monotonic()))
        self._stop.set()
        self._arrived.set()
        self._thread.join(CLOSE_S)
        self._flushing.__exit__()
        if self._thread.is_alive():
            _log.error("the sensors' thread hangs; what was learnt since it was last kept is lost")
            return
        for sensor in self._sensors:
            self._keep(sensor)
        self._memory.flush()

    def end(self) -> None:
        """Ask all sources to end, all at once; does not wait."""
        for sensor in self._sensors:
            sensor.source.end()

    @property
    def ended(self) -> bool:
        """Whether every sensor is a recording that is over, and followed to its end; also where there is none."""
        return all(one.source.ended and not len(one.intake) and not one.working for one in self._sensors)

    def wait(self, ended: threading.Event) -> None:
        """Until `ended` is set or nothing will come any more."""
        while not ended.is_set() and not self.ended:
            ended.wait(_WAIT_S)

    def due_s(self) -> dict[str, float]:
        """By when each thread comes round again, unless it hangs, by its name."""
        if not self._sensors:
            return {}
        return {
            "sensors": self._due_s,
            **{f"sensor {one.chain.name}": one.source.due_s for one in self._sensors if one.source.due_s < math.inf},
        }

    def steps_s(self) -> dict[str, float]:
        """Seconds between the samples of each sensor, where they are known."""
        found = {one.chain.name: one.chain.step_s for one in self._sensors}
        return {name: step_s for name, step_s in found.items() if step_s}

    def health(self) -> tuple[SensorHealth, ...]:
        """How each of them stands."""
        now_s = time.monotonic()
        return tuple(one.chain.health(now_s, one.source.trouble, one.intake.dropped) for one in self._sensors)

    def _run(self) -> None:
        status_s = 0.0
        while not self._stop.is_set():
            self._due_s = time.monotonic() + PATIENCE_S
            self._arrived.wait(_WAIT_S)
            self._arrived.clear()
            more = [self._turn(sensor) for sensor in self._sensors]
            now_s = time.monotonic()
            if now_s >= status_s:
                status_s = now_s + _STATUS_S
                for sensor in self._sensors:
                    self._guarded(sensor, self._stands)
            if any(more):
                self._arrived.set()
            else:
                self._stop.wait(_REST_S)
        self._due_s = math.inf

    def _turn(self, sensor: Sensor) -> bool:
        """Follow what has come of one sensor; whether there is more."""
        sensor.working = True
        self._guarded(sensor, self._follow)
        sensor.working = False
        return len(sensor.intake) > 0

    def _guarded(self, sensor: Sensor, work: Callable[[Sensor], None]) -> None:
        """One sensor's fault harms no other."""
        try:
            work(sensor)
        except Exception:  # noqa: BLE001 - whatever it is, the others go on, and so does this one
            sensor.failed += 1
            now_s = time.monotonic()
            if now_s - sensor.failed_s >= _LOG_PAUSE_S:
                sensor.failed_s = now_s
                _log.exception("sensor %s: a fault of ours; please report it", sensor.chain.name)

    def _follow(self, sensor: Sensor) -> None:
        for raw in sensor.intake.take(TURN):
            self._tell(sensor, sensor.chain.step(raw))
        if not len(sensor.intake):  # what waits may belong to a step whose time is over by the clock
            self._tell(sensor, sensor.chain.tick(time.monotonic()))

    def _tell(self, sensor: Sensor, found: list[Sensed]) -> None:
        for sensed in found:
            for observer in self._observers:
                observer.sensed(sensor.chain.name, sensed)

    def _stands(self, sensor: Sensor) -> None:
        chain, now_s = sensor.chain, time.monotonic()
        new, sensor.told = sensor.intake.dropped - sensor.told, sensor.intake.dropped
        if new:
            chain.complain(f"{new} readings {_DROPPED}")
        status, _ = chain.status(now_s, sensor.source.trouble)
        for observer in self._observers:
            observer.stands(chain.name, status, chain.odd)
        if now_s - sensor.kept_s >= chain.settings.remember_s:
            self._keep(sensor)

    def _keep(self, sensor: Sensor) -> None:
        sensor.kept_s = time.monotonic()
        self._memory.offer(sensor.chain.name, sensor.chain.state())
