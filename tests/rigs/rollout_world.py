"""A roll-out and its world in one thread, without a socket: so that many lives, and many deaths, can be tried."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from edge.contracts.update_state import Phase, Progress, Reported, encode_reported
from firmware_tools.rollout.course import Course
from firmware_tools.rollout.folder import Folder, Order
from firmware_tools.rollout.journal import Journal
from firmware_tools.rollout.link import AVAILABLE, DESIRED, REPORTED, Link, Message
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.running import Clock, Run
from tests.rigs.rollouts import WISH

What = tuple[object, ...]  # a thing that happens: its name, and more
FOREIGN = '{"v": 1, "rollout": "winter", "wishes": []}'


class KilledError(Exception):
    """The process is gone."""


class Silent:
    """Nobody looks on."""

    def turn(self, course: Course) -> None:
        """So it stands."""

    def say(self, told: str) -> None:
        """Something happened."""


class World:
    """A broker that forgets nothing, its devices, and the person; `life` happens, a thing at each turn.

    Args:
        plan: whose devices there are.
        folder: of the roll-out.
        life: `time` s, `online` device yes, `heard` device phase, `wave` phase, `taken` device, `ordered` order,
            `lost` after s, `killed` in this turn, `killed_saying` before the next thing is said.
        look: is called with the live course whenever a kill could fall there.
    """

    def __init__(self, plan: Plan, folder: Folder, life: Iterable[What], look: Callable[[Course, Path], None]) -> None:
        self.plan, self.folder, self.now_s = plan, folder, 0.0
        self.said: list[tuple[str, str]] = []  # by the roll-out
        self._life, self._look = iter(life), look
        self._kept: dict[tuple[str, str], bytes] = {}
        self._inbox: list[Message] = []
        self._link = _Link(self)
        self._run: Run | None = None
        self._dies_saying = self._well = False

    def lives(self, turns: int) -> Course:
        """All of the life, and then all devices are there and well, until the roll-out has ended."""
        left = iter(range(turns))
        while True:
            with Journal(self.folder.path) as journal:
                clock = Clock(lambda: self.now_s, lambda: 1e9 + self.now_s)
                self._link.connected_now = False
                self._run = run = Run(self.folder, journal, self._link, Silent(), clock)
                try:
                    assert run.until_ended(lambda _s: next(left, None) is None), "it does not end"
                except KilledError:
                    continue
                self._look(run.course, self.folder.path)
                return run.course

    def kept(self) -> list[Message]:
        """What is retained, as somebody hears it who subscribes."""
        return [Message(device, what, payload, True) for (device, what), payload in self._kept.items() if payload]

    def turn(self) -> list[Message]:
        """The next thing happens."""
        self.look()
        self.now_s += 0.25
        what = next(self._life, None)
        if what is None:
            self._all_is_well()
        else:
            kind, *rest = what
            getattr(self, f"_{kind}")(*rest)
        came, self._inbox = self._inbox, []
        return came

    def publish(self, device: str, desired: str) -> None:
        """By the roll-out."""
        self.look()
        if self._dies_saying:
            self._dies_saying = False
            raise KilledError
        self.said.append((device, desired))
        self._retain(device, DESIRED, desired.encode())

    def look(self) -> None:
        """A kill could fall here."""
        assert self._run is not None
        self._look(self._run.course, self.folder.path)

    def _retain(self, device: str, what: str, payload: bytes) -> None:
        self._kept[device, what] = payload
        self._inbox.append(Message(device, what, payload, False))

    def _time(self, seconds: float) -> None:
        self.now_s += seconds

    def _online(self, device: int, yes: bool) -> None:
        self._retain(self._name(device), AVAILABLE, b"online" if yes else b"offline")

    def _heard(self, device: int, phase: Phase) -> None:
        self._tells(self._name(device), phase)

    def _wave(self, phase: Phase) -> None:
        for name in self._ours():
            self._tells(name, phase)

    def _taken(self, device: int) -> None:
        self._retain(self._name(device), DESIRED, FOREIGN.encode())

    def _ordered(self, order: Order) -> None:
        self.folder.want(order)

    def _lost(self, after_s: float) -> None:
        self._time(after_s)
        self._link.connected_now = False

    def _killed(self) -> None:
        raise KilledError

    def _killed_saying(self) -> None:
        self._dies_saying = True

    def _all_is_well(self) -> None:
        if not self._well:
            self._well = True
            self._ordered(Order.RUN)
            for number in range(len(self.plan.devices)):
                self._online(number, True)
        self._time(5.0)
        self._wave(Phase.GOOD)

    def _name(self, device: int) -> str:
        return self.plan.devices[device % len(self.plan.devices)]

    def _ours(self) -> Sequence[str]:
        return [one for one in self.plan.devices if self._kept.get((one, DESIRED)) == self.plan.desired]

    def _tells(self, name: str, phase: Phase) -> None:
        wish = Progress(WISH.name, WISH.version, phase, 1.0, "", "")
        told = encode_reported(Reported(name, 1, "pi4", "0.3.0", self.plan.name, (wish,), (), ()))
        if self._kept.get((name, REPORTED)) != told:
            self._retain(name, REPORTED, told)


class _Link(Link):
    """To that world."""

    def __init__(self, world: World) -> None:
        self._world, self.connected_now, self._first = world, False, False

    @property
    def connected(self) -> bool:
        return self.connected_now

    @property
    def ready(self) -> bool:
        return not self._first

    def connect(self) -> None:
        self._world._inbox.clear()
        self.connected_now = self._first = True

    def turn(self, wait_s: float) -> list[Message]:
        if self._first:
            self._first = False
            return self._world.kept()
        return self._world.turn()

    def publish(self, device: str, desired: str) -> None:
        self._world.publish(device, desired)

    def close(self) -> None:
        self.connected_now = False
