"""Released configurations in a running daemon: checked beside it, taken up by its reload."""

from edge.admission import examine_configuration
from edge.assembly import proven
from edge.contracts.errors import EdgeError
from edge.contracts.update_state import CONFIGURATION
from edge.updates.interfaces import StoredArtifact
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.control import RunningConfiguration
from edge.updating.daemon_installer import DaemonInstaller


class ConfigurationInstaller(DaemonInstaller):
    """An `Installer`, see `edge.updates.interfaces`."""

    def place_of(self, artifact: StoredArtifact) -> str:
        """There is one."""
        return CONFIGURATION

    def check(self, artifact: StoredArtifact) -> None:
        """As `foresight check` does, in a process of its own; and that it leaves this device what it is."""
        try:
            examine_configuration(artifact.path)
        except RefusedError as error:
            if error.reason is not Reason.UNFIT:
                raise  # else with released models in their places, it may fit
        settings = self._fitted({**self._files(), CONFIGURATION: artifact.path})
        try:
            proven(settings)
        except EdgeError as error:
            raise self._unfit(error, settings) from error

    def activate(self, artifact: StoredArtifact) -> str:
        """By a reload."""
        self._control.settled()
        if not self.is_active(artifact):
            self._reload(lambda: self.is_active(artifact))
        return ""

    def commit(self, artifact: StoredArtifact) -> None:
        """It serves after every start as it is."""

    def roll_back(self, artifact: StoredArtifact) -> None:
        """To what the disk says that serves instead."""
        self._control.settled()
        if self.is_active(artifact):
            self._reload(lambda: self._is_left(artifact))

    def _active_in(self, running: RunningConfiguration, artifact: StoredArtifact) -> str:
        return running.settings.release
