"""`foresight replay readings.csv`: a recording through the chain of a sensor, into lines of JSON and a picture."""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import cv2
from rich.console import Console

from edge.assembly import Models
from edge.config.loader import load
from edge.config.sequences import SensorEntry
from edge.config.settings import ModelFile, Settings, state_folder
from edge.contracts.errors import ConfigError, SourceError
from edge.contracts.messages import encode_anomaly, encode_reading, encode_sensor_event, encode_series_forecast
from edge.contracts.sensors import SensorHealth
from edge.hearing.values import with_grids
from edge.outputs import refuse_own_input, writable_folder
from edge.runtime.settings import RuntimeSettings
from edge.scorers import build_scorer
from edge.sensing.build import makers
from edge.sensing.chain import SensorChain
from edge.sensing.observer import SensorObserver
from edge.sensing.outlook import Sensed
from edge.sensing.plot import draw
from edge.sensing.trace import Trace
from edge.sensors.paths import parse_path
from edge.sensors.payload import Reader
from edge.sensors.recording import recorded
from edge.sensors.rows import number_columns, read_rows, time_column
from edge.sensors.settings import MOST_CHANNELS, FileSource
from edge.sensors.times import unit_of_name
from edge.stopping import stopped_by_signals

FILES = ("readings.jsonl", "forecasts.jsonl", "anomalies.jsonl", "events.jsonl")
PICTURE = "series.png"


class SensorLines(SensorObserver):
    """Writes all that is found out as lines of JSON. Use as a context manager."""

    def __init__(self, out: Path, run: str) -> None:
        self._out, self._run = out, run
        self._stack = ExitStack()
        self._files: list[BinaryIO] = []
        self.events = 0

    def __enter__(self) -> Self:
        self._files = [self._stack.enter_context((self._out / name).open("wb")) for name in FILES]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def sensed(self, sensor: str, sensed: Sensed) -> None:
        """Write one sample."""
        readings, forecasts, anomalies, events = self._files
        readings.write(encode_reading(sensed.reading) + b"\n")
        if sensed.forecast.horizon_s:
            forecasts.write(encode_series_forecast(sensed.forecast) + b"\n")
        if not sensed.bridged:
            anomalies.write(encode_anomaly(sensed.forecast) + b"\n")
        if sensed.event:
            self.events += 1
            events.write(encode_sensor_event(sensed.event, "replay", self._run) + b"\n")


def replay_readings(source: Path, config: Path | None, sensor: str, out: Path, console: Console) -> None:
    """Write `readings`, `forecasts`, `anomalies` and `events` as `.jsonl` and `series.png` into `out`.

    Args:
        source: CSV or Parquet.
        config: of whose sensors one is taken; None: every column of numbers is a channel.
        sensor: which one; "" = the first.
        out: folder.
        console: for the summary.

    Raises:
        EdgeError: the file or the configuration cannot be used; says why.
    """
    name, settings = _settings(source, config, sensor)
    settings = with_grids({name: settings})[name]
    writable_folder(out, "--out")
    refuse_own_input(str(source), [out / file for file in (*FILES, PICTURE)])
    trace, begin_s = Trace(len(settings.channels)), time.monotonic()
    with ExitStack() as stack:
        models = stack.enter_context(Models(RuntimeSettings(), state_folder()))
        runtime = models.load(ModelFile(path=settings.model)) if settings.model else None
        made = makers(settings, runtime, build_scorer(name, settings, models) if settings.scorer else None)
        chain = SensorChain(name, settings, _reader(source, settings), made)
        stop = stack.enter_context(stopped_by_signals())
        lines = stack.enter_context(SensorLines(out, "replay"))
        observers: tuple[SensorObserver, ...] = (lines, trace)
        for raw in recorded(source, _column(settings)):
            _tell(name, chain.step(raw), observers)
            if stop.is_set():
                break
        _tell(name, chain.tick(math.inf), observers)
    took_s = time.monotonic() - begin_s
    picture = draw(trace.traced(), list(settings.channels), name)
    if not cv2.imwrite(str(out / PICTURE), picture):
        raise ConfigError(f"{out / PICTURE} cannot be written; choose another folder with --out")
    _say(chain.health(0.0, "", 0), lines.events, took_s, out, console)


def _tell(sensor: str, found: list[Sensed], observers: tuple[SensorObserver, ...]) -> None:
    for sensed in found:
        for observer in observers:
            observer.sensed(sensor, sensed)


def _settings(source: Path, config: Path | None, sensor: str) -> tuple[str, SensorEntry]:
    """The sensor's name, and its settings with the file as its source."""
    if config is not None:
        known = load(config, Settings).sensors
        name = sensor or next(iter(known), "")
        if name not in known:
            raise ConfigError(f"{config} has no sensor {name}".rstrip() + f"; it has {', '.join(known) or 'none'}")
        settings = known[name]
        own = settings.source.time if isinstance(settings.source, FileSource) else ""
        return name, settings.model_copy(update={"source": FileSource(path=source, time=own)})
    columns = number_columns(source, time_column(source))[:MOST_CHANNELS]
    if not columns:
        raise SourceError(f"{source} has no column of numbers; `foresight replay` needs one at least")
    channels = {name: {"at": _quoted(column)} for name, column in zip(_names(columns), columns, strict=True)}
    made = SensorEntry.model_validate({"source": {"path": str(source)}, "channels": channels})
    return sensor or _name(source.stem, 0), made


def _reader(source: Path, settings: SensorEntry) -> Reader:
    """Of the rows: a channel is where it says, else in the column of its name, else the only one there is."""
    column = time_column(source, _column(settings))
    names = next(iter(read_rows(source)), {})
    at: Mapping[str, str] = {name: _found(name, one.at, names) for name, one in settings.channels.items()}
    return Reader(at, _quoted(column) if column else "", unit_of_name(column))


def _found(channel: str, at: str, names: Mapping[str, object]) -> str:
    first = parse_path(at)[:1]
    if first and first[0] in names:
        return at
    return _quoted(channel) if channel in names else ""


def _column(settings: SensorEntry) -> str:
    return settings.source.time if isinstance(settings.source, FileSource) else ""


def _quoted(column: str) -> str:
    """The path of a column. Raises SourceError: none can be written."""
    path = f"['{column}']" if "'" not in column else f'["{column}"]'
    with suppress(ValueError):
        if parse_path(path) == (column,):
            return path
    raise SourceError(f"the column {column!r:.40} is too long, or has both kinds of quotes; rename it in the file")


def _names(columns: Sequence[str]) -> list[str]:
    """Of channels: none twice, though letters that topics may not have look alike."""
    names: list[str] = []
    for index, column in enumerate(columns):
        name = _name(column, index)
        names.append(name if name not in names else f"{name[:60]}_{index}")
    return names


def _name(text: str, index: int) -> str:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_-") else "_" for letter in text)
    return plain[:64] or f"value{index}"


def _say(health: SensorHealth, events: int, took_s: float, out: Path, console: Console) -> None:
    figures = [
        f"{health.sensor}: {health.readings} readings in {took_s:.1f} s, {health.refused} refused, {health.late} late "
        f"or double, {health.gaps} gaps, a sample every {health.step_s:g} s",
        f"mean error {health.plain_error:.3f} plain, {health.learnt_error:.3f} learnt (standard deviations of the "
        f"sensor); {health.serving} serves, {100 * health.coverage:.0f} % within one sigma",
        f"{events} events -> {out}/{', '.join((*FILES, PICTURE))}",
    ]
    for line in figures:
        console.print(line.replace("nan", "none"), soft_wrap=True, markup=False, highlight=False)
