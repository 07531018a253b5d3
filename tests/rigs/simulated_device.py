"""A device that answers what is wanted of it as the update machine does, without files: only phases and versions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from edge.contracts.update_state import Desired, Phase, Progress, Reported, Running, Wish, encode_reported

OLD, NOTHING = "1", Desired("", ())
Later = Callable[[float, Callable[[], None]], None]  # does something after some seconds


@dataclass(frozen=True)
class Nature:
    """How it is. `sick`: whatever is new there fails its trial."""

    sick: bool = False
    fetch_s: float = 0.05
    trial_s: float = 0.1


@dataclass
class SimulatedDevice:
    """One place, with one file of any name in it. `report` is called with each new report."""

    name: str
    nature: Nature
    later: Later
    report: Callable[[bytes], None]
    version: str = OLD
    blocked: set[Wish] = field(default_factory=set)
    returned: int = 0
    _desired: Desired = NOTHING
    _progress: Progress | None = None
    _turn: int = 0

    @property
    def trying(self) -> bool:
        """Whether something is on trial."""
        return self._progress is not None and self._progress.phase is Phase.TRYING

    def wants(self, desired: Desired) -> None:
        """What is wanted of it is told, perhaps once more."""
        if desired != self._desired:
            self._desired = desired
            if not self.trying:  # a trial is brought to its end first
                self._begin()
        self.tell()

    def tell(self) -> None:
        """Report, as at each change and each connection."""
        wishes = (self._progress,) if self._progress else ()
        running = Running("place", "x", self.version, "", 0)
        self.report(
            encode_reported(Reported(self.name, 1, "pi4", "0.3.0", self._desired.rollout, wishes, (running,), ()))
        )

    def _begin(self) -> None:
        self._turn += 1
        self._progress = None
        if not self._desired.wishes:
            return
        wish = self._desired.wishes[0]
        if self.version == wish.version:
            self._is(Phase.GOOD, wish)
        elif wish in self.blocked:
            self._is(Phase.REFUSED, wish, "barred")
        else:
            self._is(Phase.FETCHING, wish)
            self._then(self.nature.fetch_s, lambda: self._try(wish))

    def _try(self, wish: Wish) -> None:
        before, self.version = self.version, wish.version
        self._is(Phase.TRYING, wish)
        self.tell()
        self._then(self.nature.trial_s, lambda: self._judge(wish, before))

    def _judge(self, wish: Wish, before: str) -> None:
        if self.nature.sick:
            self.version, self.returned = before, self.returned + 1
            self.blocked.add(wish)
            self._is(Phase.RETURNED, wish, "sick")
        else:
            self._is(Phase.GOOD, wish)
        if wish not in self._desired.wishes:  # something else was wanted meanwhile
            self._begin()
        self.tell()

    def _is(self, phase: Phase, wish: Wish, reason: str = "") -> None:
        self._progress = Progress(wish.name, wish.version, phase, 1.0, reason, f"it is {reason}" if reason else "")

    def _then(self, delay_s: float, act: Callable[[], None]) -> None:
        turn = self._turn
        self.later(delay_s, lambda: act() if turn == self._turn else None)
