"""How long signatures last before devices refuse them: what bounds how long old releases can be passed off as new."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tuf.api.metadata import Root, Signed, Snapshot, Targets, Timestamp

from edge.contracts.release import SIGNED_AT
from edge.contracts.stored import Stored
from firmware_tools.errors import MistakeError

NS_PER_S = 10**9
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """In days, by role."""

    root: int = 730
    targets: int = 365
    snapshot: int = 30
    timestamp: int = 7

    def of(self, role: str) -> timedelta:
        """Of one role."""
        days = {
            Root.type: self.root,
            Targets.type: self.targets,
            Snapshot.type: self.snapshot,
            Timestamp.type: self.timestamp,
        }
        return timedelta(days=days[role])


def check_lifetimes(lifetimes: Lifetimes) -> None:
    """Nothing, where signatures can last so long. Raises MistakeError."""
    for role, days in asdict(lifetimes).items():
        if not 1 <= days <= MOST_DAYS:
            raise MistakeError(f"{role}: {days} days cannot be; at least 1, at most {MOST_DAYS}")


def write_lifetimes(path: Path, lifetimes: Lifetimes) -> None:
    """Keep them. Raises OSError."""
    Stored(path).write(asdict(lifetimes))


def read_lifetimes(path: Path) -> Lifetimes:
    """What was kept; nothing on disk is changed. Raises MistakeError, StateError."""
    why = "it is no table of days by role"
    try:
        told = Stored(path).read_only()
        if isinstance(told, dict) and all(type(days) is int and 1 <= days <= MOST_DAYS for days in told.values()):
            return Lifetimes(**told)
    except (OSError, ValueError, TypeError) as error:
        why = str(error)
    raise MistakeError(f"{path} is missing or damaged ({why}); bring it back from a copy")


def dated(signed: Signed, lifetimes: Lifetimes, now: datetime) -> None:
    """Have it expire in time, and say when it was made."""
    signed.expires = (now + lifetimes.of(signed.type)).replace(microsecond=0)
    signed.unrecognized_fields[SIGNED_AT] = int(now.timestamp()) * NS_PER_S


def wall_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
