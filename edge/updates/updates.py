"""The thread that keeps this device at what is wanted of it."""

import threading
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from edge.contracts.clerk import Clerk, Desk
from edge.contracts.update_state import Desired, Reported, Running
from edge.updates.baseline import BaselineRecorder
from edge.updates.context import Clock, UpdateContext
from edge.updates.interfaces import HealthProbe, Installers
from edge.updates.interrupt import Interrupt
from edge.updates.machine import Machine
from edge.updates.settings import UpdateSettings
from edge.updates.startup import FILES, Files, files_of
from edge.updates.state import Artifact, State
from edge.updates.state_file import StateFile
from edge.updates.store import Store
from edge.updates.trust.clock import Clocks
from edge.updates.trust.releases import Releases
from edge.updates.trust.source import Source
from edge.updates.trust.suiting import ThisDevice

TRUST = "trust"  # below the home of the updates
NOTHING = Desired("", ())
DESK = Desk(name="updates", fault="an update went wrong; it is tried again", turn_s=1.0, close_s=5.0, nice=10)


@dataclass(frozen=True, slots=True)
class Device:
    """Who reports: its name on the wire, and the version of foresight-edge that runs."""

    name: str
    daemon: str


@dataclass(frozen=True, slots=True)
class Links:
    """What the updates are connected with.

    `installers` by kind: what has none is refused. `changed` is called on the thread of the updates whenever there is
    something new in `Updates.reported`. `serving` says what really serves, but for systems: files by their
    hashes, with no name of a release.
    """

    source: Source  # of the releases; not trusted
    installers: Installers
    probe: HealthProbe
    changed: Callable[[], None]
    serving: Callable[[], Iterable[Running]]
    clock: Clock = field(default_factory=Clock)
    clocks: Clocks = field(default_factory=Clocks)  # by which releases expire


class Updates(Clerk[bool]):
    """See `Clerk`. Entering begins: what was on trial before goes on, without the network.

    Args:
        settings: of the updates.
        device: this one.
        home: folder of the updates, as `startup.start` was given it.
        links: with everything else.
        desk: how the thread works.

    Raises:
        OSError: what the disk holds cannot be read now.
        StateError: a newer Foresight wrote it.
    """

    def __init__(self, settings: UpdateSettings, device: Device, home: Path, links: Links, desk: Desk = DESK) -> None:
        super().__init__(desk)
        self._settings, self._device, self._links = settings, device, links
        self._interrupt = Interrupt(links.changed)
        this = ThisDevice(settings.board, device.daemon, frozenset(settings.groups))
        self._context = UpdateContext(
            settings=settings,
            releases=Releases(
                settings.trust, links.source, this, home / TRUST, clocks=links.clocks, wait=self._interrupt.wait
            ),
            installers=links.installers,
            probe=links.probe,
            state_file=StateFile(home),
            store=Store(home),
            recorder=BaselineRecorder(),
            clock=links.clock,
            interrupt=self._interrupt,
        )
        self._machine = Machine(self._context, links.changed)
        self._desired: Mapping[str, Desired] = {}
        self._lock = threading.Lock()

    def __exit__(self, *args: object) -> None:
        self._interrupt.end()
        super().__exit__(*args)

    def heard(self, desired: Desired, group: str = "") -> None:
        """What is wanted of this device, or of a group that it is in. Any thread; never waits long."""
        with self._lock:
            self._desired = {**self._desired, group: desired}
            wanted = self._wanted()
        self._interrupt.wanted(wanted.wishes)
        self._put(True)

    def reported(self) -> Reported:
        """Everything that this device says of its updates. Any thread."""
        watched = self._machine.watched  # before the state: what has become good since is there
        wishes, state = self._machine.wishes, self._context.state
        return Reported(
            device=self._device.name,
            utc_ns=self._links.clock.utc_ns(),
            board=self._settings.board,
            daemon=self._device.daemon,
            rollout=wishes.desired.rollout,
            wishes=wishes.progress(self._machine.fraction),
            running=_running(state, self._links.serving(), watched),
            blocked=state.blocked,
        )

    def active_files(self) -> Files:
        """The files that serve now, what is on trial included. Any thread."""
        return files_of(self._context.store, self._context.state)

    def _begin(self) -> bool:
        return self._settings.enabled

    def _work(self, thing: bool) -> None:
        self._machine.want(self._wanted())

    def _turn(self) -> None:
        self._machine.turn()

    def _wanted(self) -> Desired:
        """The device's own goes first, as a whole; then its groups, in the order of the settings."""
        for group in ("", *self._settings.groups):
            if self._desired.get(group, NOTHING) != NOTHING:
                return self._desired[group]
        return NOTHING


def _running(state: State, serving: Iterable[Running], watched: Set[str]) -> tuple[Running, ...]:
    """What serves, by the releases that it is of.

    A system serves by its slot, which only its trial asks for: until it was `watched`, what was before runs.
    """
    told = {each.place: _named(state, each) for each in serving}
    tried = {place: trial.artifact for place, trial in state.trials.items() if place in watched}
    for place, artifact in {**state.good, **tried}.items():
        if artifact.purpose.kind not in FILES:
            told[place] = _of_release(place, artifact)
    return tuple(told[place] for place in sorted(told))


def _named(state: State, serving: Running) -> Running:
    artifact = state.artifact_of(serving.place, serving.sha256)
    return _of_release(serving.place, artifact) if artifact else serving


def _of_release(place: str, artifact: Artifact) -> Running:
    return Running(place, artifact.name, artifact.purpose.version, artifact.sha256, artifact.utc_ns)
