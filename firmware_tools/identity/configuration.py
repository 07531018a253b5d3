"""The daemon's own check of a configuration, in a process of its own, as the device would read it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import firmware_tools
from edge.contracts.redact import redact
from firmware_tools.errors import FirmwareError, MistakeError

LIMIT_S = 120.0
_HOME = Path(firmware_tools.__file__).resolve().parent.parent  # where `edge` is, too


def refuse_bad(path: Path, variables: Mapping[str, str], secrets: frozenset[str]) -> None:
    """Let `foresight check` read a configuration.

    Args:
        path: of the configuration.
        variables: all that `${FORESIGHT_...}` in it may refer to.
        secrets: what must not be repeated in a message.

    Raises:
        MistakeError: with what it found.
        FirmwareError: it could not be asked.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORESIGHT_")}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "edge", "check", str(path.resolve())],
            cwd=_HOME,
            env={**kept, "COLUMNS": "400", "NO_COLOR": "1", **variables},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FirmwareError(f"the daemon could not be asked about {path}: {type(error).__name__}; try again") from None
    if done.returncode:
        said = redact("\n".join(filter(None, (done.stdout.strip(), done.stderr.strip()))), secrets)
        raise MistakeError(f"the daemon would not take this configuration:\n{said}")
