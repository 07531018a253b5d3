"""A process that answers questions of one line of JSON each, and how another asks it."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tests.paths import REPOSITORY

Answer = Mapping[str, Any]


def serve(answers: Mapping[str, Callable[..., Answer]]) -> None:
    """Answer until nobody asks any more. What is printed otherwise must go to standard error."""
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(answers[asked.pop("what")](**asked)), flush=True)


class Desk:
    """The one who asks. A context manager: the process ends with it."""

    def __init__(self, module: str, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env=dict(environment),
        )

    def ask(self, what: str, limit_s: float = 3600.0, **about: Any) -> dict[str, Any]:
        """The answer. The process is killed where it does not come in time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        guard = threading.Timer(limit_s, self._process.kill)
        guard.start()
        try:
            self._process.stdin.write(json.dumps({"what": what, **about}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            guard.cancel()
        if not line:
            raise RuntimeError(f"{self._module} gave no answer to {what}: its reason stands above")
        found: dict[str, Any] = json.loads(line)
        return found

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
