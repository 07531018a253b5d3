"""Devices of a simulated fleet in which the real update machine works: real releases, a store on disk, a health gate.

Only the daemon around it is small, and its time passes twenty times as fast as the fleet's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edge.contracts.update_state import Desired, Phase, encode_reported
from edge.updates.updates import Device, Updates
from tests.rigs.releases import THIS, FakeClocks, Served, Workshop
from tests.rigs.rollouts import WISH
from tests.rigs.simulated_device import OLD, Later, Nature, SimulatedDevice
from tests.rigs.simulated_fleet import AnyDevice
from tests.rigs.updating.device import Daemon
from tests.rigs.updating.updating import MODEL, PURPOSES, Alone, device_settings

TURN_S, FASTER = 0.1, 20
CONTENTS = {OLD: b"a model that is known " * 50, WISH.version: b"a model that is new " * 50}
Report = Callable[[bytes], None]


@dataclass
class Frail(Daemon):
    """It cannot bear what is new, if `sick`: no frame comes while that serves."""

    sick: bool = False

    def live(self, seconds: float) -> None:
        """Time passes."""
        new = any(path.read_bytes() == CONTENTS[WISH.version] for path in self.serving.values())
        if self.sick and new:
            self.now_s += seconds
            self.utc_ns += int(seconds * 1e9)
        else:
            super().live(seconds)


@dataclass
class RealDevice(Alone):
    """Turned by whoever calls `turn`."""

    name: str = "door-1"
    sick: bool = False
    report: Report = field(default=lambda _payload: None)

    def __post_init__(self) -> None:
        self.home = self.folder / "updates"
        self.daemon = Frail(self.home, self.hears, sick=self.sick)
        self.start()

    def start(self) -> None:
        """As every `Living`, by its own name."""
        self.daemon.start()
        links = self.links(FakeClocks())
        self.updates = Updates(device_settings(self.root), Device(self.name, THIS.daemon), self.home, links)

    @property
    def version(self) -> str:
        """By the content that serves, byte for byte."""
        served = self.content()
        return next((version for version, content in CONTENTS.items() if content == served), "neither")

    @property
    def returned(self) -> int:
        """How many files it has blocked."""
        return len(self.updates.reported().blocked)

    @property
    def trying(self) -> bool:
        """Whether something is on trial."""
        return any(one.phase is Phase.TRYING for one in self.updates.reported().wishes) or bool(self.state.trials)

    def wants(self, desired: Desired) -> None:
        """What is wanted of it."""
        self.updates.heard(desired)
        self.updates._work(True)
        self.tell()

    def tell(self) -> None:
        """Report."""
        self.news = 0
        self.report(encode_reported(self.updates.reported()))

    def lives(self, later: Later, report: Report) -> None:
        """From now on, by itself."""
        self.report = report

        def turn() -> None:
            self.turn(TURN_S * FASTER)
            if self.news:
                self.tell()
            later(TURN_S, turn)

        later(TURN_S, turn)


class RealDevices:
    """Some devices of a fleet, on the old version, and a workshop that has released the new one."""

    def __init__(self, folder: Path, names: Iterable[str], sick: set[str]) -> None:
        workshop, source = Workshop(folder / "workshop"), Served({})
        self._release(workshop, source, OLD)
        root = workshop.repository.metadata / "1.root.json"
        self.devices = {
            name: RealDevice(folder / name, root, source, lambda _what, _sha256: None, name=name, sick=name in sick)
            for name in names
        }
        for device in self.devices.values():
            device.want((MODEL, OLD), rollout="summer")
            device.settle()
            device.wants(Desired("", ()))
        self._release(workshop, source, WISH.version)

    def make(self, name: str, nature: Nature, later: Later, report: Report) -> AnyDevice:
        """A device for a simulated fleet."""
        if name not in self.devices:
            return SimulatedDevice(name, nature, later, report)
        self.devices[name].lives(later, report)
        return self.devices[name]

    def _release(self, workshop: Workshop, source: Served, version: str) -> None:
        purpose = PURPOSES["models"]
        workshop.release(CONTENTS[version], MODEL, version=version, **purpose)
        source.files.update(workshop.served())
