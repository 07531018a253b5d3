"""Whether a released file is for this device."""

from dataclasses import dataclass

from edge.contracts.release import Purpose, parse_version
from edge.updates.trust.refusal import Reason, RefusedError


@dataclass(frozen=True, slots=True)
class ThisDevice:
    """What this device is: its board ("" where nobody said), the version of its daemon, its groups."""

    board: str
    daemon: str
    groups: frozenset[str]


def check_suits(name: str, purpose: Purpose, device: ThisDevice) -> None:
    """Nothing, where it is for this device.

    Raises:
        RefusedError: it is for other boards or groups, or for a newer daemon.
    """
    if purpose.boards and device.board not in purpose.boards:
        mine = device.board or "a board that the configuration does not name"
        raise RefusedError(Reason.WRONG_BOARD, f"{name} is for {', '.join(purpose.boards)}; this is {mine}")
    if purpose.groups and not device.groups & set(purpose.groups):
        mine = ", ".join(sorted(device.groups)) or "no group"
        raise RefusedError(
            Reason.WRONG_GROUP, f"{name} is for the groups {', '.join(purpose.groups)}; this is in {mine}"
        )
    needs = purpose.minimum_daemon
    if needs and parse_version(device.daemon) < parse_version(needs):
        raise RefusedError(
            Reason.OLD_DAEMON, f"{name} needs foresight-edge {needs}; here is {device.daemon}: update it first"
        )
