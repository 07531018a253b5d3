"""What the daemon is to run when it starts, and when it reads its configuration again."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from edge.config.settings import Settings
from edge.contracts.errors import ConfigError
from edge.contracts.stored import StateError
from edge.updates.startup import (
    Files,
    active_files,
    give_up,
    good_files,
    start,
    stop,
    uncount_start,
    verified_files,
)
from edge.updating.reader import ConfigurationReader
from edge.updating.redaction import redacted

FOLDER = "updates"  # below the folder of the daemon's state
_log = logging.getLogger(__name__)


def home_of(settings: Settings) -> Path:
    """The folder of the updates."""
    return settings.device.state_dir / FOLDER


def starting_settings(reader: ConfigurationReader) -> Settings:
    """At the start, which counts for what is on trial. What cannot be run gives way to what was before.

    Raises:
        InvalidConfig: the device's own configuration cannot be run either.
    """
    own = reader.own()
    files = _started(home_of(own)) if own.updates.enabled else {}
    try:
        return reader.with_files(files)
    except ConfigError as error:
        if not files:
            raise
        return _without(reader, own, redacted(error, own))


def reloaded_settings(reader: ConfigurationReader) -> Settings:
    """As it is on disk now.

    Raises:
        InvalidConfig: it cannot be run.
        StateError: a newer Foresight wrote what is known of updates.
        OSError: that cannot be read now.
    """
    own = reader.own()
    return reader.with_files(verified_files(home_of(own)) if own.updates.enabled else {})


def record_shutdown(settings: Settings) -> None:
    """The daemon ended as it was told to: its start is not held against what is on trial."""
    if not settings.updates.enabled:
        return
    try:
        stop(home_of(settings))
    except (OSError, StateError) as error:
        _log.warning("updates: %s; this start counts for what is on trial", error)


def _started(home: Path) -> Files:
    try:
        return start(home, time.time_ns)
    except (OSError, StateError) as error:
        _log.error("updates: %s; what the device was shipped with serves", error)
        return {}


def _without(reader: ConfigurationReader, own: Settings, why: str) -> Settings:
    """Without what is on trial; without anything that was released, where it is not to blame.

    Where the device's own configuration cannot be run either, nothing is held against what was released.
    """
    _log.error("released files cannot serve: %s", why)
    home = home_of(own)
    try:
        settings = _able(reader, home)
    except ConfigError:
        _try(lambda: uncount_start(home))
        raise
    _try(lambda: [give_up(home, place, why, time.time_ns) for place in active_files(home)])
    return settings


def _able(reader: ConfigurationReader, home: Path) -> Settings:
    """What can be run: with what was good before, or as shipped. Raises InvalidConfig."""
    try:
        if files := good_files(home):
            return reader.with_files(files)
    except (OSError, ConfigError, StateError) as error:
        _log.error("released files cannot serve: %s", redacted(error))
    settings = reader.with_files({})
    _log.error("what the device was shipped with serves")
    return settings


def _try(write: Callable[[], object]) -> None:
    try:
        write()
    except (OSError, StateError) as error:
        _log.error("updates: what came of the start cannot be written down: %s", error)
