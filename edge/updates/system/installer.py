"""A released root file system: written by RAUC, started on trial, kept when the daemon in it does well.

Between `activate` and `is_active` the machine is started anew, and another daemon goes on: the one of the new system,
or, where that did not come up, the old one. Which of the two it is, the slot that runs says.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from edge.contracts.update_state import SYSTEM
from edge.updates.interfaces import StoredArtifact
from edge.updates.system.bus import BusError
from edge.updates.system.installed import InstalledSystem, InstalledSystemFile
from edge.updates.system.rauc import Pause, Rauc, Slot
from edge.updates.system.restart import RUNTIME, Restart, ask_restart, boot_id
from edge.updates.trust.refusal import Reason, RefusedError

INSTALL_S = 600.0
MOST_TRIALS = 2  # a power cut on the way into a system looks like one that does not come up: it has a second chance
ANSWER_S, POLL_S = 60.0, 1.0  # RAUC is started by the first who asks it
GOOD, BAD = "good", "bad"


@dataclass(frozen=True, slots=True)
class Board:
    """What the installer needs of the machine it runs on."""

    runtime: Path = RUNTIME  # where restarts are asked for
    boot_id: Callable[[], str] = boot_id
    install_s: float = INSTALL_S
    answer_s: float = ANSWER_S


class SystemInstaller:
    """`edge.updates.interfaces.Installer` of systems.

    Args:
        rauc: of this device.
        home: folder of what is remembered, on data.
        pause: waits, and says whether the daemon ends.
        board: that it runs on.
    """

    def __init__(self, rauc: Rauc, home: Path, pause: Pause, board: Board) -> None:
        self._rauc, self._pause, self._board = rauc, pause, board
        self._memory = InstalledSystemFile(home)
        self._booted = ""  # name of the slot that runs, once RAUC has said it: for us it stays the same

    def place_of(self, artifact: StoredArtifact) -> str:
        """Raises RefusedError where the device has not two slots, or RAUC does not say so."""
        try:
            self._slots()
        except BusError as error:
            reason = Reason.NO_PLACE if _absent(error) else Reason.UNREACHABLE
            raise RefusedError(
                reason, f"{artifact.name}: RAUC does not answer ({error}); give the device an A/B image"
            ) from error
        return SYSTEM

    def check(self, artifact: StoredArtifact) -> None:
        """RAUC's own signature, and whether it is for this kind of device."""
        try:
            inside, compatible = self._rauc.inspect(artifact.path), self._rauc.compatible()
        except BusError as error:
            raise _refusal(artifact, "RAUC does not take it", error) from error
        if inside.compatible != compatible:
            raise RefusedError(
                Reason.WRONG_BOARD,
                f"{artifact.name} is for {inside.compatible!r:.80}, and this device is {compatible!r:.80}",
            )

    def activate(self, artifact: StoredArtifact) -> str:
        """Install it and ask for a restart into it; nothing, where it runs already. Nothing is to be said of how."""
        booted, other = self._slots_or_refuse(artifact)
        known = self._memory.read(artifact.sha256)
        if known is not None and known.slot == booted.bootname:
            return self._running(artifact, known)
        now = self._board.boot_id()
        if known is None or known.left:
            self._install(artifact)
            known = InstalledSystem(artifact.sha256, other.bootname, now, trials=1)
        elif known.boot != now:
            self._refuse_given_up(artifact, known, other)
            known = replace(known, boot=now, trials=known.trials + 1)
        self._memory.write(known)
        self._restart(artifact, Restart.TRIAL)
        return ""

    def is_active(self, artifact: StoredArtifact) -> bool:
        """Whether it is the system that runs."""
        known = self._memory.read(artifact.sha256)
        return known is not None and known.slot == self._running_slot()

    def commit(self, artifact: StoredArtifact) -> None:
        """Have the board start into it from now on; where the power went before that was done, start into it again."""
        booted, other = self._slots_or_refuse(artifact)
        known = self._memory.read(artifact.sha256)
        if known is None or known.slot == booted.bootname:
            self._mark(artifact, GOOD)
        else:
            self._mark(artifact, GOOD, other.name)
            self._restart(artifact, Restart.PLAIN)

    def roll_back(self, artifact: StoredArtifact) -> None:
        """Never start into it again; where it runs, ask for a restart into the other."""
        booted, other = self._slots_or_refuse(artifact)
        known = self._memory.read(artifact.sha256)
        if known is None:
            return  # it was never written
        if known.slot == booted.bootname:
            self._mark(artifact, BAD)
            self._restart(artifact, Restart.PLAIN)
        elif known.slot == other.bootname:
            self._mark(artifact, BAD, other.name)
        self._memory.write(replace(known, left=True))

    def _running(self, artifact: StoredArtifact, known: InstalledSystem) -> str:
        """Nothing is to be done for what runs, unless it is just being left."""
        if known.left:
            raise RefusedError(Reason.STOPPED, f"{artifact.name}: the machine is about to start the system before")
        return ""

    def _running_slot(self) -> str:
        """Its name; "" where RAUC does not say."""
        end_s = time.monotonic() + self._board.answer_s
        while not self._booted:
            try:
                self._booted = self._slots()[0].bootname
            except BusError:
                if time.monotonic() >= end_s or self._pause(POLL_S):
                    break
        return self._booted

    def _refuse_given_up(self, artifact: StoredArtifact, known: InstalledSystem, slot: Slot) -> None:
        """Refuse what did not come up, as often as it may, or came up and was given up by `trial`."""
        given_up = self._primary_or_refuse(artifact) != slot.name
        if given_up or known.trials >= MOST_TRIALS:
            what = "it ran, and nobody found it good in time"
            if not given_up:
                what = f"{known.trials} starts were asked for, and it did not come up"
            raise RefusedError(
                Reason.SICK,
                f"{artifact.name}: {what}; the system before runs again. See the serial console, or `journalctl -b -1`",
            )

    def _install(self, artifact: StoredArtifact) -> None:
        try:
            if not self._rauc.install(artifact.path, self._board.install_s, self._pause):
                raise RefusedError(Reason.STOPPED, f"{artifact.name}: the daemon ends while it is written")
        except BusError as error:
            raise _refusal(artifact, "RAUC could not install it", error) from error

    def _mark(self, artifact: StoredArtifact, state: str, slot: str = "booted") -> None:
        try:
            self._rauc.mark(state, slot)
        except BusError as error:
            raise RefusedError(
                Reason.UNREACHABLE, f"{artifact.name}: it could not be marked {state}: {error}"
            ) from error

    def _restart(self, artifact: StoredArtifact, restart: Restart) -> None:
        try:
            ask_restart(restart, self._board.runtime)
        except OSError as error:
            raise RefusedError(
                Reason.NO_PLACE,
                f"{artifact.name}: a restart cannot be asked for ({error}); install foresight-{restart.value}.path",
            ) from error

    def _slots_or_refuse(self, artifact: StoredArtifact) -> tuple[Slot, Slot]:
        try:
            return self._slots()
        except BusError as error:
            raise RefusedError(Reason.UNREACHABLE, f"{artifact.name}: RAUC does not answer: {error}") from error

    def _primary_or_refuse(self, artifact: StoredArtifact) -> str:
        try:
            return self._rauc.primary()
        except BusError as error:
            raise RefusedError(Reason.UNREACHABLE, f"{artifact.name}: RAUC does not answer: {error}") from error

    def _slots(self) -> tuple[Slot, Slot]:
        """The one that runs, and the other. Raises BusError."""
        slots = self._rauc.slots()
        booted, others = [slot for slot in slots if slot.booted], [slot for slot in slots if not slot.booted]
        if len(booted) != 1 or len(others) != 1:
            raise BusError(f"of its slots {len(booted)} runs and {len(others)} do not, where one and one must")
        return booted[0], others[0]


def _absent(error: BusError) -> bool:
    return error.unknown or not error.silent or "was not provided" in str(error) or "Failed to connect" in str(error)


def _refusal(artifact: StoredArtifact, what: str, error: BusError) -> RefusedError:
    reason = Reason.UNREACHABLE if error.silent else Reason.UNFIT
    return RefusedError(reason, f"{artifact.name}: {what}: {error}")
