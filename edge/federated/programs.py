"""Flower's programs, started by us: without calls home, and on a device without code that comes over the network.

Flower's own programs start each other by name. The names are found in a folder of ours, in which each is a line that
leads back here; so it does not matter how Flower was installed, and `flwr-clientapp` is what we make of it.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from edge.contracts.errors import ConfigError

PROGRAMS: Mapping[str, tuple[str, str]] = {
    "flower-supernode": ("flwr.supernode.cli", "flower_supernode"),
    "flower-superexec": ("flwr.supercore.cli", "flower_superexec"),
    "flwr-serverapp": ("flwr.superlink.cli", "flwr_serverapp"),
    "flwr-clientapp": ("edge.federated.client", "run"),
    "flwr": ("flwr.cli.app", "app"),
}
# Flower counts its users, looks for updates, and installs what an app asks for; none of it unless the operator does.
QUIET: Mapping[str, str] = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
    "FLWR_INTERNAL_GRPC_CONTROL_API": "0",  # on a port of its own, unguarded
    "FLWR_INTERNAL_GRPC_FLEET_API": "0",
    "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.5",
    "NO_COLOR": "1",
}


def require_flower() -> None:
    """Raises ConfigError where Flower is not installed."""
    if importlib.util.find_spec("flwr") is None:
        raise ConfigError(
            "learning together needs Flower, which is not installed here; pip install 'foresight-edge[federated]', "
            "best into a virtual environment of its own"
        )


def environment(home: Path) -> dict[str, str]:
    """For Flower's programs: everything that they keep lies in `home`, which is made."""
    folder = home / "bin"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in PROGRAMS:
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m edge.federated.programs {name} "$@"\n')
        path.chmod(0o700)
    paths = os.pathsep.join((str(folder), os.environ.get("PATH", os.defpath)))
    return {**os.environ, **QUIET, "FLWR_HOME": str(home / "flower"), "PATH": paths}


def main() -> None:
    """Run the program that the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in PROGRAMS:
        sys.exit(f"there is no program {name!r}; known: {', '.join(PROGRAMS)}")
    require_flower()
    sys.argv = [name, *sys.argv[2:]]
    module, function = PROGRAMS[name]
    getattr(importlib.import_module(module), function)()


if __name__ == "__main__":
    main()
