"""What `foresight check FILE` finds: problems, or a summary of what would run. Starts nothing.

The command exits with 0 where there are no problems and with 2 where there are; `run` refuses the same files.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.classify.embedder import refuse_no_vectors
from edge.config.crosscheck import MOTION_LABEL, check_counts, check_forecasts, check_labels, crosscheck
from edge.config.loader import Loaded, load_with_places
from edge.config.problems import InvalidConfig, Problem, problem
from edge.config.rewrite import read_rewritten, rewrite_file
from edge.config.settings import CameraSettings, Settings, schema
from edge.contracts.bundle import read_bundle
from edge.contracts.decode import decoder
from edge.contracts.decode_common import DecodeLimits
from edge.contracts.errors import ConfigError, ModelError
from edge.contracts.redact import redact
from edge.contracts.types import Head, ModelBundle
from edge.contracts.windows import SeriesWindow
from edge.forecast.fitting import refuse_unfit
from edge.hearing.fitting import REFUSALS
from edge.learners.found import find
from edge.sensing.cost import MOST_OF_ALL, share, too_costly
from edge.sensing.settings import SensorSettings
from edge.sensors.horizons import too_near
from edge.sequences.fitting import sound_window, window_of
from edge.updates.settings import UpdateSettings

EXIT_GOOD = 0
EXIT_PROBLEMS = 2
SHOWN = 12  # labels of a model


@dataclass(frozen=True, slots=True)
class Report:
    """Problems in the order of the file, and rows `(what, name, details)` of a table for people."""

    problems: tuple[Problem, ...]
    rows: tuple[tuple[str, str, str], ...]

    @property
    def exit_code(self) -> int:
        """What the command exits with."""
        return EXIT_PROBLEMS if self.problems else EXIT_GOOD


def show_check(path: Path, console: Console) -> int:
    """Print the report; the exit code."""
    report = check(path)
    for one in report.problems:
        console.print(str(one), style="red", markup=False, highlight=False, soft_wrap=True)
    if not report.problems:
        table = Table(title=escape(f"{path}: good"), title_justify="left")
        for heading in ("what", "name", "details"):
            table.add_column(heading)
        for row in report.rows:
            table.add_row(*map(escape, row))
        console.print(table)
    return report.exit_code


def show_migrated(path: Path, write: bool, console: Console) -> None:
    """Print the configuration in its present form to standard output, or write it in its place and keep a copy.

    Args:
        path: the configuration.
        write: change the file itself.
        console: for what is said about it.

    Raises:
        InvalidConfig: it is no configuration, or cannot be rewritten.
    """
    if not write:
        sys.stdout.write(read_rewritten(path))
        return
    backup = rewrite_file(path)
    said = f"{path}: rewritten; the old file is {backup}" if backup else f"{path}: has the present form already"
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def show_schema() -> None:
    """Print the JSON Schema of the configuration."""
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")


def check(path: Path, environment: Mapping[str, str] = os.environ) -> Report:
    """Read the configuration and the model files that it names."""
    try:
        loaded = load_with_places(path, Settings, environment)
    except InvalidConfig as error:
        return Report(error.problems, ())
    return check_loaded(loaded)


def check_loaded(loaded: Loaded[Settings]) -> Report:
    """The same for a configuration that is loaded already."""
    found = crosscheck(loaded)
    labels, damaged = _labels(loaded)
    found += [*damaged, *check_forecasts(loaded), *_series_models(loaded), *_costs(loaded), *_window_models(loaded)]
    if len(labels) == max(1, len(loaded.settings.models)):  # else it is not known what labels there are
        every = [label for table in labels.values() for label in table]
        found += [*check_labels(loaded, every), *check_counts(loaded, every)]
    return Report(InvalidConfig(found).problems, tuple(_rows(loaded.settings, labels)))


def _labels(loaded: Loaded[Settings]) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """Each detector's labels, and what is wrong with their files."""
    settings, labels = loaded.settings, dict[str, tuple[str, ...]]()
    damaged: list[Problem] = []
    for name, model in settings.model_files:
        if not model.path.is_file():  # which `crosscheck` has told
            continue
        try:
            bundle = model.read()
            if name == "embedder" and model is settings.embedder:
                refuse_no_vectors(bundle)
            elif model is not settings.classifier:
                decoder(bundle, DecodeLimits(0.0, 1.0, 1))  # refuses what finds no objects
                labels[name] = bundle.labels
        except ModelError as error:
            item = (
                loaded.tree.child(name) or (loaded.tree.child("more_models") or loaded.tree).child(name) or loaded.tree
            )
            damaged.append(problem(loaded.file, item.at, item.path, f"the model cannot be used: {error}"))
    return labels if settings.models else {"motion": (MOTION_LABEL,)}, damaged


def _series_models(loaded: Loaded[Settings]) -> Iterator[Problem]:
    """What is wrong with the models of sensors."""
    for name, sensor in loaded.settings.sensors.items():
        if sensor.model is None or not sensor.model.is_file():  # which `crosscheck` has told
            continue
        try:
            bundle = read_bundle(sensor.model)
        except ModelError as error:
            said = f"the model cannot be used: {error}"
        else:
            said = _unfit(bundle, sensor)
        if said:
            yield _at(loaded, ("sensors", name, "model"), said)


def _costs(loaded: Loaded[Settings]) -> Iterator[Problem]:
    """Sensors that would take too much of a core, one by one or all together."""
    models = {name: _readable(sensor.model) for name, sensor in loaded.settings.sensors.items()}
    costly = {name: too_costly(sensor, models[name]) for name, sensor in loaded.settings.sensors.items()}
    shares = {name: share(sensor, models[name]) for name, sensor in loaded.settings.sensors.items()}
    yield from (_at(loaded, ("sensors", name), said) for name, said in costly.items() if said)
    if not any(costly.values()) and sum(shares.values()) > MOST_OF_ALL:
        dearest = max(shares, key=lambda name: shares[name])
        said = f"all together take about {sum(shares.values()):.1f} of a core, and {MOST_OF_ALL:g} is the most"
        hint = f"{dearest} takes the most, {shares[dearest]:.2f}: raise its window.step_s, or name fewer sensors"
        yield _at(loaded, ("sensors",), f"{said}; {hint}")


def _readable(path: Path | None) -> ModelBundle | None:
    """A model that can be read; what is wrong with another one is told elsewhere."""
    try:
        return read_bundle(path) if path is not None and path.is_file() else None
    except ModelError:
        return None


def _window_models(loaded: Loaded[Settings]) -> Iterator[Problem]:
    """What is wrong with the models of windows, of sensors and of sounds."""
    for name, sensor in loaded.settings.sensors.items():
        for what, refuse in REFUSALS.items():
            model = getattr(sensor, what)
            if model is None or not model.path.is_file():  # which `crosscheck` has told
                continue
            try:
                refuse(name, sensor, model.read())
            except (ConfigError, ModelError) as error:
                said = str(error).removeprefix(f"sensors.{name}.{what}: ")
                yield _at(loaded, ("sensors", name, what), f"the model cannot be used: {said}")
    for name, sound in loaded.settings.sounds.items():
        if sound.classifier.path.is_file():
            try:
                sound_window(window_of(sound.classifier.read()))
            except ModelError as error:
                yield _at(loaded, ("sounds", name, "classifier"), f"the model cannot be used: {error}")


def _at(loaded: Loaded[Settings], path: tuple[str, ...], said: str) -> Problem:
    """A problem at a path, or at the nearest item above it where a short form was written."""
    item = loaded.tree
    for key in path:
        item = item.child(key) or item
    return problem(loaded.file, item.at, item.path, said)


def _unfit(bundle: ModelBundle, sensor: SensorSettings) -> str:
    """Why a model does not forecast this sensor; "" where it does."""
    window, channels = bundle.window, list(sensor.channels)
    if bundle.head is not Head.SERIES or not isinstance(window, SeriesWindow):
        return f"the model is a {bundle.head.value}; `foresight-train series forecast` makes one of a sensor"
    if len(window.channels) != len(channels):
        named = f"{', '.join(window.channels)} are the model's channels, {', '.join(channels)} the sensor's"
        return f"{named}; name as many under `channels`, in the same order"
    return too_near(sensor.forecast.horizons_s, window.step_s)


def _rows(settings: Settings, labels: dict[str, tuple[str, ...]]) -> list[tuple[str, str, str]]:
    mqtt = settings.mqtt
    rows = [("broker", mqtt.host, f"port {mqtt.port}, topics {mqtt.base}/...")]
    rows += [("detector", name, _named(table)) for name, table in labels.items() if settings.cameras]
    for name, camera in settings.cameras.items():
        source = camera.source
        rows.append(("camera", name, f"{source.kind} {_where(source)}".strip()))
        rows.append(("forecast", name, _foreseen(camera)))
        rows += [("zone", zone.name, f"on {name}; {_some(zone.labels)}") for zone in camera.zones]
        rows += [("line", line.name, f"on {name}; {_some(line.labels)}") for line in camera.lines]
    for name, sensor in settings.sensors.items():
        values = ", ".join(f"{channel} {one.unit}".strip() for channel, one in sensor.channels.items())
        rows.append(("sensor", name, f"{sensor.source.kind} {_where(sensor.source)}; {values}"))
    rows += _learning(settings)
    rows += _updates(settings)
    for name, sound in settings.sounds.items():
        rows.append(("sound", name, f"{sound.source.kind} {_where(sound.source)}; named by {sound.classifier.path}"))
    return rows


def _learning(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Who learns on the device, and why the others do not."""
    if settings.learning.enabled:
        found = find(settings)
        for name, bundle in found.models.items():
            yield "learning", name, f"the model {bundle.name} learns on top of its file"
        for name, reason in found.others.items():
            yield "learning", name, f"does not learn: {reason}"


def _updates(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Where they come from, and who this device is to them."""
    updates = settings.updates
    if updates.enabled:
        yield (
            "updates",
            redact(updates.trust.url),
            f"for {updates.board or 'a board that is not named'}; {_in(updates)}",
        )
        there = "" if updates.trust.root.is_file() else "; it is not there: without it nothing is taken up"
        yield "updates", "trust root", f"{updates.trust.root}{there}"


def _in(updates: UpdateSettings) -> str:
    return f"in {', '.join(updates.groups)}" if updates.groups else "in no group"


def _foreseen(camera: CameraSettings) -> str:
    """By what, and why not by the shipped model where that is left out."""
    file = camera.forecast_file
    if file is None:
        return "straight lines"
    try:
        bundle = file.read()
        refuse_unfit(bundle, camera.forecast.horizons_s)
    except ModelError as error:
        return f"straight lines: {error}"
    return f"{bundle.name} where it proves to be better than straight lines"


def _where(source: object) -> str:
    keys = ("url", "path", "device", "topic")
    return redact(next((str(getattr(source, key)) for key in keys if hasattr(source, key)), ""))


def _named(labels: tuple[str, ...]) -> str:
    named = [label for label in labels if label]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more


def _some(labels: tuple[str, ...]) -> str:
    return ", ".join(labels) or "every label"
