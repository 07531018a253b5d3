"""What the installers of models and of configurations have in common: it is the running daemon that takes both up."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from edge.config.settings import Settings
from edge.contracts.errors import EdgeError
from edge.runtime.faults import is_untried
from edge.updates.interfaces import StoredArtifact
from edge.updates.startup import Files
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.control import DaemonControl, RunningConfiguration
from edge.updating.reader import ConfigurationReader
from edge.updating.redaction import redacted


class DaemonInstaller(ABC):
    """The part of an `Installer` that does not depend on what is installed. One thread uses it.

    Args:
        control: of the daemon.
        reader: of its configuration.
        files: the released files that are to serve now, by place.
        replaced: told when something else serves.
    """

    def __init__(
        self,
        control: DaemonControl,
        reader: ConfigurationReader,
        files: Callable[[], Files],
        replaced: Callable[[], None] = lambda: None,
    ) -> None:
        self._control, self._reader, self._files, self._replaced = control, reader, files, replaced
        self._active = ""  # what was known to serve when it was asked for last

    def is_active(self, artifact: StoredArtifact) -> bool:
        """Whether it serves, wherever it is to. While the configuration changes, whether it did before."""
        running = self._control.running
        if running is not None:
            self._active = self._active_in(running, artifact)
        return self._active == artifact.sha256

    @abstractmethod
    def _active_in(self, running: RunningConfiguration, artifact: StoredArtifact) -> str:
        """SHA-256 of what serves in the place of an artifact; "" for the device's own, or where several do."""

    def _is_left(self, artifact: StoredArtifact) -> bool:
        """Whether something runs, and not with that."""
        running = self._control.running
        return running is not None and self._active_in(running, artifact) != artifact.sha256

    def _reload(self, done: Callable[[], bool]) -> None:
        """Have the configuration taken up as it is on disk now. Raises RefusedError."""
        self._control.reload(done)
        self._replaced()

    def _fitted(self, files: Files) -> Settings:
        """The settings with these files in their places. Raises RefusedError where they cannot be run."""
        try:
            return self._reader.with_files(files)
        except EdgeError as error:
            raise self._unfit(error) from error

    def _unfit(self, error: EdgeError, *settings: Settings) -> RefusedError:
        """The refusal for an error, without the secrets of the device and of these settings."""
        reason, why = Reason.UNFIT, f"it does not fit the configuration of this device: {error}"
        if is_untried(error):
            reason, why = Reason.NO_SPACE, str(error)
        return RefusedError(reason, redacted(why, *settings, *self._reader.known()))
