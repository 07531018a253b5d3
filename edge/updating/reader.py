"""What the daemon is to run: the device's own configuration, with released files in their places.

The device's own file says who the device is, whatever a released configuration says: its name at the broker, the folder
of its state, and whom it takes updates from. What else a released configuration leaves out of `mqtt` it says as well.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edge.check import check_loaded
from edge.config.loader import Loaded, load_with_places, parse_settings
from edge.config.problems import WHOLE_FILE, InvalidConfig, Problem, problem
from edge.config.settings import Settings
from edge.config.yaml_positions import LIMIT_BYTES
from edge.contracts.files import open_plain, sha256_of
from edge.contracts.update_state import CONFIGURATION
from edge.mqtt.settings import MqttSettings
from edge.updates.startup import Files
from edge.updating.model_uses import model_uses, released
from edge.updating.overlay import overlaid

NAME = ("device", "prefix", "client_id")  # of `mqtt`: by what the device is known
SECTIONS = ("device", "updates")
UNVERIFIED = "is not the file that was verified when it came"
PASSWORDS = frozenset({"password", "password_file"})


class ConfigurationReader:
    """Of a configuration file.

    Args:
        path: of the device's own.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def own(self) -> Settings:
        """As the device's own file has it, without a look at other files. Raises InvalidConfig."""
        return load_with_places(self._path, Settings).settings

    def known(self) -> Sequence[Settings]:
        """The same, where it can be read: whose secrets may be in what is said of it."""
        try:
            return [self.own()]
        except InvalidConfig:
            return []

    def with_files(self, files: Files) -> Settings:
        """The settings with these files in their places, checked.

        Raises:
            InvalidConfig: they cannot be run, or are not this device's.
        """
        own = load_with_places(self._path, Settings)
        enabled = own.settings.updates.enabled
        loaded = _of_release(own.settings, files[CONFIGURATION]) if enabled and CONFIGURATION in files else own
        loaded = replace(loaded, settings=overlaid(loaded.settings, files if enabled else {}))
        if problems := [*_changed(loaded.settings), *check_loaded(loaded).problems]:
            raise InvalidConfig(problems)
        return loaded.settings


def _of_release(own: Settings, path: Path) -> Loaded[Settings]:
    loaded = parse_settings(_held(path), str(path), Settings, os.environ)
    if problems := list(_of_another(own, loaded)):
        raise InvalidConfig(problems)
    given = loaded.settings
    kept = {key: getattr(own, key) for key in SECTIONS}
    kept["mqtt"] = _mqtt(own.mqtt, given.mqtt) if "mqtt" in given.model_fields_set else own.mqtt
    settings = given.model_copy(update=kept).of_release(released(path))
    return replace(loaded, settings=settings)


def _changed(settings: Settings) -> Iterator[Problem]:
    """Released models whose settings have no room for a hash, and that are not what their folder is called by."""
    for path in sorted({use.file.path for use in model_uses(settings) if use.released and not use.file.sha256}):
        try:
            if sha256_of(path) != released(path):
                yield _damaged(path, UNVERIFIED)
        except (OSError, ValueError) as error:
            yield _damaged(path, f"cannot be read: {error}")


def _damaged(path: Path, said: str) -> Problem:
    return problem(str(path), WHOLE_FILE, (), said, "start the daemon anew: it is fetched again")


def _held(path: Path) -> bytes:
    """What a released file says, read once: what is taken up is what was verified. Raises InvalidConfig."""
    try:
        with open_plain(path) as file:
            raw = file.read(LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        said = f"cannot be read: {error}"
    else:
        if hashlib.sha256(raw).hexdigest() == released(path) or not released(path) or len(raw) > LIMIT_BYTES:
            return raw
        said = UNVERIFIED
    raise InvalidConfig([_damaged(path, said)])


def _of_another(own: Settings, loaded: Loaded[Settings]) -> Iterator[Problem]:
    """What would make this another device, that nobody reaches any more."""
    given = loaded.settings
    for key in SECTIONS:
        section, mine = getattr(given, key), getattr(own, key)
        names = section.model_fields_set if key in given.model_fields_set else ()
        for name in sorted(name for name in names if getattr(section, name) != getattr(mine, name)):
            yield _problem(loaded, (key, name))
    for name in NAME:
        if name in given.mqtt.model_fields_set and getattr(given.mqtt, name) != getattr(own.mqtt, name):
            yield _problem(loaded, ("mqtt", name))


def _problem(loaded: Loaded[Settings], path: tuple[str, str]) -> Problem:
    item = loaded.tree
    for key in path:
        item = item.child(key) or item
    said = "is another than in this device's own configuration"
    return problem(loaded.file, item.at, path, said, "leave it out: only that file says who the device is")


def _mqtt(own: MqttSettings, given: MqttSettings) -> MqttSettings:
    """The device's own, with what the released one says."""
    said = given.model_fields_set
    base = {key: getattr(own, key) for key in own.model_fields_set}
    if said & PASSWORDS:
        base = {key: one for key, one in base.items() if key not in PASSWORDS}
    return MqttSettings.model_validate({**base, **{key: getattr(given, key) for key in said}})
