"""A device, a workshop that releases files for it, and the machine between them; time passes as it is told to."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.contracts.release import Kind
from edge.contracts.update_state import Desired, Phase, Progress, Wish
from edge.updates.desired_inbox import PACE_S
from edge.updates.settings import GateSettings, UpdateSettings
from edge.updates.state import State
from edge.updates.state_file import StateFile
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.source import Source
from edge.updates.updates import Device, Links, Updates
from tests.rigs.releases import THIS, FakeClocks, Served, Workshop
from tests.rigs.updating.device import Daemon

MODEL, CONFIGURATION, SYSTEM = "models/street.tflite", "configurations/door.yaml", "systems/pi4.raucb"
BUNDLE = b"hsqs, as a RAUC bundle begins"
PURPOSES: Mapping[str, dict[str, object]] = {  # by the folder of the release
    "models": {"kind": Kind.MODEL, "task": "detector"},
    "others": {"kind": Kind.MODEL, "task": "detector"},
    "configurations": {"kind": Kind.CONFIGURATION},
    "systems": {"kind": Kind.SYSTEM, "boards": ("pi4",)},
}
SOON = GateSettings(before_s=10, warm_s=2, watch_s=30, silent_s=10, broker_s=10)
MOST_TURNS = 2000


def device_settings(root: Path, **changes: object) -> UpdateSettings:
    """Quick ones."""
    plain: dict[str, object] = {"enabled": True, "board": THIS.board, "groups": tuple(THIS.groups), "gate": SOON}
    return UpdateSettings(**{**plain, "trust": TrustSettings(root=root, tries=2), **changes})


class Living:
    """`start` is what a start of the daemon does; nothing of it is a thread. Who is one sets what it is made of."""

    root: Path  # of trust
    home: Path
    daemon: Daemon
    source: Source
    settings: dict[str, object]
    news: int

    def start(self) -> None:
        """The daemon starts; what it had in memory is lost."""
        self.daemon.start()
        links = self.links(FakeClocks())
        given = device_settings(self.root, **self.settings)
        self.updates = Updates(given, Device("door-1", THIS.daemon), self.home, links)

    def links(self, clocks: FakeClocks) -> Links:
        """Of its updates; `clocks` are those by which releases expire."""
        return Links(
            source=self.source,
            installers=dict.fromkeys(Kind, self.daemon),
            probe=self.daemon,
            changed=self._changed,
            serving=self.daemon.files,
            clock=self.daemon.clock(),
            clocks=clocks.clocks(),
        )

    def want(self, *wishes: tuple[str, str], rollout: str = "r1", passes: bool = True) -> None:
        """Names and versions; unless told otherwise, a while after what was wanted before."""
        self.daemon.now_s += PACE_S if passes else 0
        self.updates._desired = {"": Desired(rollout, tuple(Wish(*wish) for wish in wishes))}
        self.updates._work(True)

    def turn(self, seconds: float = 1.0) -> None:
        """One turn of the machine, and what passes until the next."""
        self.updates._turn()
        self.daemon.live(seconds)

    def until(self, done: Callable[[], bool]) -> None:
        """Turn until then."""
        for _ in range(MOST_TURNS):
            if done():
                return
            self.turn()
        raise AssertionError(f"it has not come to that: {self.updates.reported()}")

    def settle(self, *names: str) -> None:
        """Turn until these wishes, or all, are settled and nothing is left to be done."""
        self.until(
            lambda: all(self.phase(name) in SETTLED for name in names or self.names()) and not self.state.pending
        )

    def names(self) -> list[str]:
        return [each.name for each in self.updates.reported().wishes]

    def told(self, name: str = MODEL) -> Progress:
        return next(each for each in self.updates.reported().wishes if each.name == name)

    def phase(self, name: str = MODEL) -> Phase:
        return self.told(name).phase

    @property
    def state(self) -> State:
        """As it is on disk."""
        return StateFile(self.home).state

    def content(self, place: str = "street.tflite") -> bytes:
        """What serves there; b"" where nothing was taken up."""
        path = self.daemon.serving.get(place)
        return path.read_bytes() if path else b""

    def files(self) -> list[str]:
        """In the store and among what was fetched, by name."""
        folders = (self.home / "store", self.home / "trust/targets")
        return sorted(name for folder in folders for _, _, names in os.walk(folder) for name in names)

    def _changed(self) -> None:
        self.news += 1


@dataclass
class Alone(Living):
    """A device for which somebody else releases."""

    folder: Path
    root: Path
    source: Source
    hears: Callable[[str, str], None]
    settings: dict[str, object] = field(default_factory=dict)
    news: int = 0

    def __post_init__(self) -> None:
        self.home = self.folder / "updates"
        self.daemon = Daemon(self.home, self.hears)
        self.start()


@dataclass
class Rig(Living):
    """A device beside the workshop that releases files for it."""

    folder: Path
    workshop: Workshop
    source: Source = field(default_factory=lambda: Served({}))
    settings: dict[str, object] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)
    news: int = 0

    def __post_init__(self) -> None:
        self.home = self.folder / "updates"
        self.daemon = Daemon(self.home, lambda what, sha256: self.said.append((what, sha256)))
        self.root = self.workshop.repository.metadata / "1.root.json"
        self.start()

    def release(self, content: bytes, name: str = MODEL, version: str = "1") -> None:
        """And serve it."""
        self.workshop.release(content, name, version=version, **PURPOSES[name.partition("/")[0]])
        self.serve()

    def take(self, content: bytes, version: str, name: str = MODEL) -> None:
        """Release it, want it, and see what comes of it."""
        self.release(content, name, version)
        self.want((name, version))
        self.settle()

    def serve(self) -> None:
        """What the workshop has published."""
        self.served.files.update(self.workshop.served())

    @property
    def served(self) -> Served:
        """The source, as it was made here."""
        assert isinstance(self.source, Served)
        return self.source


SETTLED = frozenset({Phase.GOOD, Phase.RETURNED, Phase.REFUSED})
