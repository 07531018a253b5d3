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
    STOPPED = "stopped"  # the daemon ends, or nobody wants it any more; what came so far is kept
    NO_SPACE = "no_space"  # the disk has no room, or fails: tried again later
    NO_ROOT = "no_root"  # the trust root that the device was shipped with is of no use
    VERSION = "version"  # signed as another version than the one that is wanted
    DOWNGRADE = "downgrade"  # older than what was good in its place
    BLOCKED = "barred"  # this very file was sick here before
    NO_PLACE = "no_place"  # nothing here has the place that it would take
    UNFIT = "unfit"  # what is in it is not what is needed in its place
    CRASHED = "crashed"  # the process that tried it died, or the daemon with it
    HUNG = "hung"  # it did not come to its end in its trial
    LIMITS = "limits"  # it needs more memory or disk than it may have
    GOLDEN = "golden"  # it does not compute here what it computed where it was made
    NOT_INSTALLED = "not_installed"  # a program that it takes is absent here
    AWAY = "away"  # the broker or cameras went away during its trial: tried again once they are back
    SICK = "sick"  # it served, and the daemon did worse with it


class RefusedError(EdgeError):
    """A release is not taken. The message says what, where, and what to do.

    Args:
        reason: for programs.
        message: for people.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
