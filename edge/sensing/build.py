"""From the configuration of sensors to objects that work together."""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence

from edge.contracts.bus import Listening
from edge.sensing.chain import SensorChain
from edge.sensing.hub import Sensing, Sensor
from edge.sensing.memory import SensorMemory
from edge.sensing.observer import SensorObserver
from edge.sensing.steps import Makers, NoForecaster
from edge.sensors.intake import Intake
from edge.sensors.mqtt import MqttSensor
from edge.sensors.payload import Reader
from edge.sensors.recording import FilePlayer
from edge.sensors.serial_port import SerialSensor
from edge.sensors.settings import AnySource, FileSource, MqttSource, SensorSettings, SerialSource
from edge.sensors.source import Source
from edge.sensors.surprise import Surprise

Connected = Callable[[], bool]


def build_sensing(
    sensors: Mapping[str, SensorSettings],
    observers: Sequence[SensorObserver],
    memory: SensorMemory,
    listening: Listening,
    connected: Connected,
) -> Sensing:
    """All sensors of a configuration, ready to begin.

    Args:
        sensors: by name.
        observers: told of all that they tell.
        memory: of what they taught.
        listening: to the broker.
        connected: whether there is one now.
    """
    arrived = threading.Event()
    made = [
        Sensor(
            chain=build_chain(name, settings),
            source=open_source(name, settings.source, listening, connected),
            intake=Intake(settings.window.queue, arrived),
        )
        for name, settings in sensors.items()
    ]
    return Sensing(made, observers, memory, arrived)


def build_chain(name: str, settings: SensorSettings) -> SensorChain:
    """The chain of one sensor."""
    source = settings.source
    time = "" if isinstance(source, FileSource) else source.time  # a recording that is played counts as read now
    reader = Reader({channel: one.at for channel, one in settings.channels.items()}, time)
    return SensorChain(name, settings, reader, makers(settings))


def makers(settings: SensorSettings) -> Makers:
    """How the steps that learn are made."""
    return Makers(
        forecaster=lambda _step_s: NoForecaster(),
        scorer=Surprise,
        step_s=0.0,
        key=key(settings),
    )


def key(settings: SensorSettings) -> str:
    """What all that is learnt depends on: another one, and it is begun anew."""
    told = [f"{name}={channel.at}" for name, channel in settings.channels.items()]
    told += [settings.source.model_dump_json(), str(settings.window.step_s), settings.ahead.model_dump_json()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def open_source(name: str, source: AnySource, listening: Listening, connected: Connected) -> Source:
    """The source of one sensor."""
    openers: Mapping[type[AnySource], Callable[[], Source]] = {
        MqttSource: lambda: MqttSensor(source, listening, connected),  # type: ignore[arg-type]
        SerialSource: lambda: SerialSensor(source, name),  # type: ignore[arg-type]
        FileSource: lambda: FilePlayer(source, name),  # type: ignore[arg-type]
    }
    return openers[type(source)]()
