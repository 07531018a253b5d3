"""What really serves in the running daemon, place by place, whatever is written down of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from edge.config.settings import ModelFile
from edge.contracts.errors import ModelError
from edge.contracts.update_state import CONFIGURATION, Running
from edge.updating.control import DaemonControl, RunningConfiguration
from edge.updating.model_uses import ModelUse, model_uses


@dataclass(frozen=True, slots=True)
class _Identity:
    """Of a model file."""

    version: str
    sha256: str


class Inventory:
    """Goes by what the models in memory say of themselves; other files are read once for each configuration.

    Args:
        control: says what runs.
    """

    def __init__(self, control: DaemonControl) -> None:
        self._control = control
        self._running: RunningConfiguration | None = None
        self._read: dict[ModelFile, _Identity | None] = {}
        self._told: tuple[Running, ...] = ()

    def __call__(self) -> tuple[Running, ...]:
        """While the configuration changes, what served before. One thread at a time."""
        running = self._control.running
        if running is None:
            return self._told
        if running is not self._running:
            self._running, self._read = running, {}
        self._told = tuple(self._of(running))
        return self._told

    def _of(self, running: RunningConfiguration) -> Iterator[Running]:
        yield Running(CONFIGURATION, "", "", running.settings.release, 0)
        uses = sorted(model_uses(running.settings), key=lambda use: not use.pinned)  # what can be replaced goes first
        for use in {use.place: use for use in uses}.values():
            if found := self._identity(use, running):
                yield Running(use.place, "", found.version, found.sha256, 0)

    def _identity(self, use: ModelUse, running: RunningConfiguration) -> _Identity | None:
        """None where it cannot be read."""
        if runtime := running.models.switched.get(use.file):
            return _Identity(runtime.bundle.version, runtime.bundle.sha256)
        if use.file not in self._read:
            self._read[use.file] = _read(use.file)
        return self._read[use.file]


def _read(file: ModelFile) -> _Identity | None:
    try:
        bundle = file.read()
    except ModelError:
        return None
    return _Identity(bundle.version, bundle.sha256)
