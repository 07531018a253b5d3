"""Released configurations in a running daemon: checked beside it, taken up by its reload."""

from collections.abc import Callable

from edge.assembly import proven
from edge.canary import examine_configuration
from edge.contracts.errors import EdgeError
from edge.contracts.update_state import CONFIGURATION
from edge.updates.seams import Candidate
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.hiding import hidden
from edge.updating.overlay import Files
from edge.updating.reading import Reading
from edge.updating.seat import Seat


class ConfigurationInstaller:
    """An `Installer`, see `edge.updates.seams`. One thread uses it.

    Args:
        seat: of the daemon.
        reading: of its configuration.
        files: the released files that are to serve now, by place.
        taken_up: told when another one serves.
    """

    def __init__(
        self, seat: Seat, reading: Reading, files: Callable[[], Files], taken_up: Callable[[], None] = lambda: None
    ) -> None:
        self._seat, self._reading, self._files, self._taken_up = seat, reading, files, taken_up
        self._served = ""  # what was known to serve when it was asked for last

    def place(self, candidate: Candidate) -> str:
        """There is one."""
        return CONFIGURATION

    def check(self, candidate: Candidate) -> None:
        """As `foresight check` does, in a process of its own; and that it leaves this device what it is."""
        try:
            examine_configuration(candidate.path)
        except RefusedError as error:
            if error.reason is not Reason.UNFIT:
                raise  # else with released models in their places, it may fit
        try:
            self._prove(candidate)
        except EdgeError as error:
            why = f"it does not fit this device: {error}"
            raise RefusedError(Reason.UNFIT, hidden(why, *self._reading.known())) from error

    def take_up(self, candidate: Candidate) -> None:
        """By a reload."""
        self._seat.settled()
        if not self.serves(candidate):
            self._seat.reload(lambda: self.serves(candidate))
            self._taken_up()

    def serves(self, candidate: Candidate) -> bool:
        """Whether what runs was read from it. While the configuration changes, whether what ran before was."""
        present = self._seat.present
        if present is not None:
            self._served = present.settings.release
        return self._served == candidate.sha256

    def keep(self, candidate: Candidate) -> None:
        """It serves after every start as it is."""

    def go_back(self, candidate: Candidate) -> None:
        """To what the disk says that serves instead."""
        self._seat.settled()
        if self.serves(candidate):
            self._seat.reload(lambda: self._seat.present is not None and not self.serves(candidate))
            self._taken_up()

    def _prove(self, candidate: Candidate) -> None:
        settings = self._reading.with_files({**self._files(), CONFIGURATION: candidate.path})
        try:
            proven(settings)
        except EdgeError as error:
            raise RefusedError(Reason.UNFIT, hidden(error, settings)) from error
