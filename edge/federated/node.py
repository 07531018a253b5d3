"""The device's end of learning together: a SuperNode of Flower, with our answers."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ConfigError, ModelError
from edge.federated.process import running
from edge.federated.programs import environment, require_flower
from edge.federated.settings import FederatedSettings

SETTINGS = "FORESIGHT_FEDERATED"


def federate(settings: FederatedSettings) -> int:
    """Take part until told to end (SIGTERM, Ctrl-C); the exit code of Flower's program where it ends before.

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
    signal.signal(signal.SIGTERM, _interrupt)
    with running(_command(settings), {**env, SETTINGS: str(file)}, None) as process:
        return _waited(process)


def _command(settings: FederatedSettings) -> list[str]:
    command = [sys.executable, "-P", "-m", "edge.federated.programs", "flower-supernode"]
    command += ["--superlink", settings.superlink, "--root-certificates", str(settings.ca.resolve())]
    if settings.key:
        command += ["--auth-supernode-private-key", str(settings.key.resolve())]
    return [*command, "--host", "127.0.0.1", "--port", str(_free_port())]


def _absolute(settings: FederatedSettings) -> FederatedSettings:
    names = ("ca", "model", "learning", "home", "key")
    paths = {name: path.resolve() for name in names if isinstance(path := getattr(settings, name), Path)}
    return settings.model_copy(update=paths)


def _free_port() -> int:
    """For Flower's own talk on this device."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _waited(process: "subprocess.Popen[bytes]") -> int:
    try:
        return process.wait()
    except KeyboardInterrupt:
        return 0


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
