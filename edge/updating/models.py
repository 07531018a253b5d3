"""Released models in a running daemon: tried beside it, switched between two frames, or taken up by a reload."""

import logging
from collections.abc import Callable
from pathlib import PurePosixPath

from edge.admission import Wanted, examine_model
from edge.config.settings import Settings
from edge.updates.interfaces import StoredArtifact
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.control import RunningConfiguration
from edge.updating.daemon_installer import DaemonInstaller
from edge.updating.model_switch import TURN_S, runtimes, switch_models
from edge.updating.model_uses import TASKS, ModelUse, model_uses
from edge.updating.redaction import redacted

BETWEEN, RELOADED = "switched between two frames", "taken up by a reload of the configuration"
_log = logging.getLogger(__name__)


class ModelInstaller(DaemonInstaller):
    """An `Installer`, see `edge.updates.interfaces`."""

    def place_of(self, artifact: StoredArtifact) -> str:
        """The file name, where the configuration names a model that is called so and is of the same kind."""
        place, known = _file_name(artifact), model_uses(self._settings())
        found = [use for use in known if use.place == place]
        if not found:
            names = redacted(", ".join(sorted({use.place for use in known})) or "none", *self._reader.known())
            raise RefusedError(
                Reason.NO_PLACE,
                f"{artifact.name}: the configuration of this device names no model file {place}; it has {names}: "
                "release it under one of these names",
            )
        for use in found:
            _refuse_unlike(artifact, use)
        return place

    def check(self, artifact: StoredArtifact) -> None:
        """In a process of its own, with its golden input; and with everything else that the configuration says."""
        settings, place = self._settings(), _file_name(artifact)
        for use in {use.file: use for use in model_uses(settings) if use.place == place}.values():
            wanted = Wanted(artifact.purpose.task, use.file.read().head, use.file.overrides)
            unproven = examine_model(artifact.path, artifact.sha256, wanted, settings.runtime)
            if unproven:
                _log.warning("%s: %s", artifact.name, unproven)
        self._fitted({**self._files(), place: artifact.path})

    def activate(self, artifact: StoredArtifact) -> str:
        """Between two frames where that can be, else by a reload."""
        return self._align(_file_name(artifact), lambda: self.is_active(artifact))

    def is_active(self, artifact: StoredArtifact) -> bool:
        """See `DaemonInstaller`.

        Raises:
            RefusedError: it did, and failed while it ran.
        """
        for runtime in runtimes(self._control.running, _file_name(artifact)):
            if runtime.failed.sha256 == artifact.sha256:
                raise RefusedError(Reason.SICK, f"it served, and failed: {runtime.failed.why}")
        return super().is_active(artifact)

    def commit(self, artifact: StoredArtifact) -> None:
        """What was before is not needed any more."""
        for runtime in runtimes(self._control.running, _file_name(artifact)):
            runtime.settle()

    def roll_back(self, artifact: StoredArtifact) -> None:
        """To what the disk says that serves instead; with the next frame, where that is still in memory."""
        place = _file_name(artifact)
        left = [runtime.leave(artifact.sha256) for runtime in runtimes(self._control.running, place)]
        if any(left):
            self._control.wait(lambda: self._is_left(artifact), TURN_S)
        try:
            self._align(place, lambda: self._is_left(artifact))
        except RefusedError as error:
            if not self._is_left(artifact):
                raise
            _log.warning("%s: what was before serves again; at the next start: %s", place, error)
        for runtime in runtimes(self._control.running, place):
            runtime.settle()

    def _active_in(self, running: RunningConfiguration, artifact: StoredArtifact) -> str:
        place, switched = _file_name(artifact), running.models.switched
        uses = [use for use in model_uses(running.settings) if use.place == place and not use.pinned]
        hashes = {switched[use.file].bundle.sha256 if use.file in switched else use.released for use in uses}
        return hashes.pop() if len(hashes) == 1 else ""

    def _settings(self) -> Settings:
        """What is to run now; what runs may name files that are no more since they were switched."""
        return self._fitted(self._files())

    def _align(self, place: str, done: Callable[[], bool]) -> str:
        """Make serve in a place what the disk says; how that was done, "" where it is so already."""
        self._control.settled()
        wanted = self._settings()
        active = done()
        switched = not active and switch_models(self._control, place, wanted)
        if active or switched:
            self._control.adopt(wanted)
            self._replaced()
        else:
            self._reload(done)
        how = "" if active else BETWEEN if switched else RELOADED
        if how:
            _log.info("%s: %s", place, how)
        return how


def _file_name(artifact: StoredArtifact) -> str:
    """By which models know their place."""
    return PurePosixPath(artifact.name).name


def _refuse_unlike(artifact: StoredArtifact, use: ModelUse) -> None:
    if use.pinned:
        raise RefusedError(
            Reason.NO_PLACE,
            f"{artifact.name}: {use.where} of the configuration gives the sha256 of the one {use.place} that "
            "may serve there; take it out, and updates may replace the file",
        )
    if artifact.purpose.task not in TASKS[use.role]:
        raise RefusedError(
            Reason.NO_PLACE,
            f"{artifact.name} is a {artifact.purpose.task}, and {use.where} of the configuration is a "
            f"{use.role.value}, which is called {use.place} as well; release it under another name",
        )
