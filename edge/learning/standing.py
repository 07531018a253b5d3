"""Where a subject stands: which weights serve, and what is being done for the next ones."""

from dataclasses import dataclass, replace
from enum import StrEnum

EXPORTED = ""  # the name of the weights in the model file; all others are names of checkpoints


class Phase(StrEnum):
    """What is being done for the next candidate."""

    COLLECTING = "collecting"
    TRAINING = "training"
    SHADOW = "shadow"  # the candidate runs beside what serves
    RESTING = "resting"  # one was worse than it promised


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subject stands; all of it is kept on disk."""

    on: bool = True
    phase: Phase = Phase.COLLECTING
    serving: str = EXPORTED
    previous: str = EXPORTED  # what served before
    candidate: str = EXPORTED  # in the shadow; EXPORTED = none
    tried: int = 0  # samples seen when the last round began
    rest_until: int = 0  # samples seen
    failures: int = 0  # candidates that were worse live than they had promised, since one kept its promise
    rounds: int = 0
    promoted: int = 0
    returned: int = 0

    @property
    def names(self) -> frozenset[str]:
        """Of the checkpoints that are still needed."""
        return frozenset((self.serving, self.previous, self.candidate)) - {EXPORTED}


def resumed(standing: Standing) -> Standing:
    """The same after a start of the program: a round that was not ended is begun anew."""
    return replace(standing, phase=Phase.COLLECTING) if standing.phase is Phase.TRAINING else standing
