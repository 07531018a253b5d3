"""What the daemon is to run when it starts, and when it reads its configuration again."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from edge.config.settings import Settings
from edge.contracts.errors import ConfigError
from edge.contracts.stored import StateError
from edge.updates.activation import give_up, serving, start, stop
from edge.updating.reading import Reading

FOLDER = "updates"  # below the folder of the daemon's state
_log = logging.getLogger(__name__)


def home_of(settings: Settings) -> Path:
    """The folder of the updates."""
    return settings.device.state_dir / FOLDER


def first(reading: Reading) -> Settings:
    """At the start, which counts for what is on trial. What cannot be run gives way to what was before.

    Raises:
        InvalidConfig: the device's own configuration cannot be run either.
    """
    own = reading.own()
    files = _started(home_of(own)) if own.updates.enabled else {}
    try:
        return reading.with_files(files)
    except ConfigError as error:
        if not files:
            raise
        return _without(reading, home_of(own), str(error))


def again(reading: Reading) -> Settings:
    """As it is on disk now.

    Raises:
        InvalidConfig: it cannot be run.
        StateError: a newer Foresight wrote what is known of updates.
        OSError: that cannot be read now.
    """
    own = reading.own()
    return reading.with_files(serving(home_of(own)).files if own.updates.enabled else {})


def ended(settings: Settings) -> None:
    """The daemon ended as it was told to: its start is not held against what is on trial."""
    if not settings.updates.enabled:
        return
    try:
        stop(home_of(settings))
    except (OSError, StateError) as error:
        _log.warning("updates: %s; this start counts for what is on trial", error)


def _started(home: Path) -> Mapping[str, Path]:
    try:
        return start(home, time.time_ns).files
    except (OSError, StateError) as error:
        _log.error("updates: %s; what the device was shipped with serves", error)
        return {}


def _without(reading: Reading, home: Path, why: str) -> Settings:
    """Without what is on trial; without anything that was released, where it is not to blame."""
    _log.error("released files cannot serve: %s", why)
    try:
        given_up = [give_up(home, place, why, time.time_ns) for place in serving(home).files]
        if any(given_up):
            return reading.with_files(serving(home).files)
    except (OSError, ConfigError, StateError) as error:
        _log.error("released files cannot serve: %s", error)
    _log.error("what the device was shipped with serves")
    return reading.with_files({})
