"""The device's end of learning together: a SuperNode of Flower, with our answers."""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError, ModelError
from edge.federated.process import free_port, running
from edge.federated.programs import environment, require_flower
from edge.federated.settings import SETTINGS, FederatedSettings

OWN = "127.0.0.1"  # for Flower's own talk on this device
LOWEST = 19  # priority, of all that is started here
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
_log = logging.getLogger(__name__)


def federate(settings: FederatedSettings) -> None:
    """Take part until told to end (SIGTERM, Ctrl-C), whether the host is there or not.

    Raises:
        ConfigError: Flower is not installed, or a file is not there.
        ModelError: the model does not learn.
    """
    require_flower()
    for path in (settings.ca, settings.learning, *([settings.key] if settings.key else [])):
        if not path.exists():
            raise ConfigError(f"{path} is not there; give the path of what is meant")
    if read_bundle(settings.model).trainable is None:
        raise ModelError(f"{settings.model} does not learn; export it with --trainable")
    home = settings.home.resolve()
    env = environment(home)
    file = home / "settings.json"
    file.write_text(_absolute(settings).model_dump_json())
    os.nice(LOWEST)
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.suppress(KeyboardInterrupt):
        _for_ever(settings, {**env, SETTINGS: str(file)})


def _for_ever(settings: FederatedSettings, env: Mapping[str, str]) -> None:
    """Flower's program ends by itself where the host does not know the device, or not yet."""
    pause_s = FIRST_PAUSE_S
    while True:
        begin_s = time.monotonic()
        with running(_command(settings), env, None) as process:
            code = process.wait()
        pause_s = FIRST_PAUSE_S if time.monotonic() - begin_s > LONGEST_PAUSE_S else min(2 * pause_s, LONGEST_PAUSE_S)
        _log.warning("Flower's SuperNode ended (exit code %d); the next try is in %g s", code, pause_s)
        time.sleep(pause_s)


def _command(settings: FederatedSettings) -> list[str]:
    command = [sys.executable, "-P", "-m", "edge.federated.programs", "flower-supernode"]
    command += ["--superlink", settings.superlink, "--root-certificates", str(settings.ca.resolve())]
    if settings.key:
        command += ["--auth-supernode-private-key", str(settings.key.resolve())]
    return [*command, "--host", OWN, "--port", str(free_port(OWN))]


def _absolute(settings: FederatedSettings) -> FederatedSettings:
    names = ("ca", "model", "learning", "home", "key")
    paths = {name: path.resolve() for name in names if isinstance(path := getattr(settings, name), Path)}
    return settings.model_copy(update=paths)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
