"""The daemon's own check of a configuration, in a process of its own, as the devices would read it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import firmware_tools
from edge.contracts.redact import redact
from firmware_tools.errors import FirmwareError, MistakeError

LIMIT_S, LIMIT_OF_EACH_S = 120.0, 2.0
_HOME = Path(firmware_tools.__file__).resolve().parent.parent  # where `edge` is, too


def refuse_bad(path: Path, template: Path, devices: Mapping[str, Mapping[str, str]], secrets: frozenset[str]) -> None:
    """Let the daemon read a configuration, once for each device.

    Args:
        path: of the configuration.
        template: what it is made of line by line, and is to be mended; `path` does not last.
        devices: by name all that `${FORESIGHT_...}` in it may refer to.
        secrets: what must not be repeated in a message.

    Raises:
        MistakeError: with what it found, of the first device that it is not good for.
        FirmwareError: it could not be asked.
    """
    for name, problems in zip(devices, _asked(path, list(devices.values()), secrets), strict=True):
        if problems:
            said = redact("\n".join(problems), secrets).replace(str(path.resolve()), str(template))
            raise MistakeError(f"the daemon of {name} would not take this configuration:\n{said}")


def _asked(path: Path, devices: Sequence[Mapping[str, str]], secrets: frozenset[str]) -> list[list[str]]:
    """The problems of each, in words."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORESIGHT_")}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "edge.check_each", str(path.resolve())],
            cwd=_HOME,
            env=kept,
            input=json.dumps(devices),
            capture_output=True,
            text=True,
            timeout=LIMIT_S + LIMIT_OF_EACH_S * len(devices),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FirmwareError(f"the daemon could not be asked about {path}: {type(error).__name__}; try again") from None
    if done.returncode:
        said = redact(done.stderr.strip(), secrets)
        raise FirmwareError(f"the daemon could not be asked about {path}: it ended with {done.returncode}:\n{said}")
    return [[str(problem) for problem in problems] for problems in json.loads(done.stdout)]
