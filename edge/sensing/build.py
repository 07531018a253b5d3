"""From the configuration of sensors to objects that work together."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence

from edge.anomaly import Anomaly
from edge.contracts.bus import Listening
from edge.contracts.runtime import Runtime
from edge.contracts.windows import SeriesWindow
from edge.sensing.chain import SensorChain
from edge.sensing.hub import Sensing, Sensor
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.settings import SensorSettings
from edge.sensing.steps import Makers, Scorer
from edge.sensors.intake import Intake
from edge.sensors.mqtt import MqttSensor
from edge.sensors.payload import Reader
from edge.sensors.recording import FilePlayer
from edge.sensors.serial_port import SerialSensor
from edge.sensors.settings import AnySource, FileSource, MqttSource, SerialSource
from edge.sensors.source import Source
from edge.series.forecaster import SeriesForecaster

Connected = Callable[[], bool]
ScorerMaker = Callable[[], Scorer]
_NONE: Mapping[str, Runtime] = {}
_ANOMALY: Mapping[str, ScorerMaker] = {}


def build_sensing(
    sensors: Mapping[str, SensorSettings],
    observers: Sequence[SensorObserver],
    memory: SensorMemory,
    listening: Listening,
    connected: Connected,
    runtimes: Mapping[str, Runtime] = _NONE,
    scorers: Mapping[str, ScorerMaker] = _ANOMALY,
) -> Sensing:
    """All sensors of a configuration, ready to begin.

    Args:
        sensors: by name.
        observers: told of all that they tell.
        memory: of what they taught.
        listening: to the broker.
        connected: whether there is one now.
        runtimes: of the series models of those sensors that have one.
        scorers: of those sensors whose anomalies are scored by a model.
    """
    arrived = threading.Event()
    made = [
        Sensor(
            chain=build_chain(name, settings, runtimes.get(name), scorers.get(name)),
            source=open_source(name, settings.source, listening, connected),
            intake=Intake(settings.window.queue, arrived),
        )
        for name, settings in sensors.items()
    ]
    return Sensing(made, observers, memory, arrived)


def build_chain(
    name: str, settings: SensorSettings, runtime: Runtime | None = None, scorer: ScorerMaker | None = None
) -> SensorChain:
    """The chain of one sensor."""
    source = settings.source
    time = "" if isinstance(source, FileSource) else source.time  # a recording that is played counts as read now
    reader = Reader({channel: one.at for channel, one in settings.channels.items()}, time)
    return SensorChain(name, settings, reader, makers(settings, runtime, scorer))


def makers(settings: SensorSettings, runtime: Runtime | None = None, scorer: ScorerMaker | None = None) -> Makers:
    """How the steps that learn are made.

    Args:
        settings: of the sensor.
        runtime: of its series model, where it has one; sensors with the same model may share it.
        scorer: what makes its scorer; None: it is scored by its stream alone.
    """
    window = runtime.bundle.window if runtime else None
    step_s = window.step_s if isinstance(window, SeriesWindow) else settings.forecast.step_s

    def forecaster(step_s: float) -> SeriesForecaster:
        grid = {"step_s": step_s, "gap_steps": settings.window.hold_steps + 1}
        return SeriesForecaster(settings.forecast.model_copy(update=grid), runtime)

    return Makers(
        forecaster=forecaster,
        scorer=scorer or (lambda: Anomaly(settings.anomaly)),
        step_s=step_s,
        key=key(settings, runtime.bundle.sha256 if runtime else ""),
    )


def key(settings: SensorSettings, model: str = "") -> str:
    """What all that is learnt depends on: another one, and it is begun anew. `model` is the hash of its file."""
    told = [f"{name}={channel.at}" for name, channel in settings.channels.items()]
    told += [
        settings.source.model_dump_json(),
        settings.window.model_dump_json(exclude={"queue"}),
        settings.forecast.model_dump_json(),
    ]
    told += [settings.anomaly.model_dump_json(), model]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def open_source(name: str, source: AnySource, listening: Listening, connected: Connected) -> Source:
    """The source of one sensor."""
    openers: Mapping[type[AnySource], Callable[[], Source]] = {
        MqttSource: lambda: MqttSensor(source, listening, connected),  # type: ignore[arg-type]
        SerialSource: lambda: SerialSensor(source, name),  # type: ignore[arg-type]
        FileSource: lambda: FilePlayer(source, name),  # type: ignore[arg-type]
    }
    return openers[type(source)]()
