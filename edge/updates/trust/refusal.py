"""Why a release is not believed, or not for this device: one reason for each thing that somebody does about it."""

from enum import StrEnum

from edge.contracts.errors import EdgeError


class Reason(StrEnum):
    """As it is reported."""

    UNREACHABLE = "unreachable"  # no server, no broker, no answer: tried again later
    TOO_SLOW = "too_slow"  # it sends, but so slowly that it never ends
    TRUNCATED = "truncated"  # it ends before the file does
    ENDLESS = "endless"  # it sends more than the file can have
    ROLLBACK = "rollback"  # older than what was seen before
    FREEZE = "freeze"  # past its expiry: somebody may be hiding newer ones
    MIX_AND_MATCH = "mix_and_match"  # parts of different releases
    WRONG_KEY = "wrong_key"  # not signed by enough of the keys that may
    CHANGED = "changed"  # other bytes than were signed for
    MALFORMED = "malformed"  # cannot be read at all
    UNKNOWN = "unknown"  # no release has that name
    TOO_LARGE = "too_large"  # more than the configuration, or the disk, takes
    WRONG_BOARD = "wrong_board"
    WRONG_GROUP = "wrong_group"
    OLD_DAEMON = "old_daemon"  # it needs a newer foresight-edge
    STOPPED = "stopped"  # the daemon ends; what came so far is kept


class RefusedError(EdgeError):
    """A release is not taken. The message says what, where, and what to do.

    Args:
        reason: for programs.
        message: for people.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
