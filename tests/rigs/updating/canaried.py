"""A device whose small daemon tries what it is given with the real canaries."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from edge.canary import Wanted, examine_configuration, examine_model, examine_system
from edge.contracts.release import Kind
from edge.contracts.types import Head
from edge.runtime.settings import RuntimeSettings
from edge.updates.seams import Candidate
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.updates import Device, Links, Updates
from tests.rigs.releases import THIS, FakeClocks
from tests.rigs.updating.device import Daemon
from tests.rigs.updating.updating import SETTLED, Rig, device_settings

SECRET = "hunter2-of-this-device"
ENVIRONMENT = {"FORESIGHT_MQTT_PASSWORD": SECRET}


@dataclass(frozen=True)
class Serving:
    """A model file that the configuration of this device names."""

    task: str
    head: Head


SERVING: Mapping[str, Serving] = {
    "look.tflite": Serving("embedder", Head.EMBEDDING),
    "street.tflite": Serving("detector", Head.SSD),
    "paths.tflite": Serving("forecaster", Head.TRAJECTORY),
}


@dataclass
class CanaryDaemon(Daemon):
    """`place` and `check` are those of a daemon; what serves is only written down."""

    runtime: RuntimeSettings = dataclasses.field(default_factory=RuntimeSettings)

    def place(self, candidate: Candidate) -> str:
        place = super().place(candidate)
        if candidate.purpose.kind is not Kind.MODEL:
            return place
        serving = SERVING.get(place)
        if serving is None or serving.task != candidate.purpose.task:
            raise RefusedError(Reason.NO_PLACE, f"{candidate.name}: no {candidate.purpose.task} is called {place} here")
        return place

    def check(self, candidate: Candidate) -> None:
        self.said("check", candidate.sha256)
        kind, path = candidate.purpose.kind, candidate.path
        if kind is Kind.MODEL:
            serving = SERVING[self.place(candidate)]
            examine_model(path, candidate.sha256, Wanted(serving.task, serving.head), self.runtime)
        elif kind is Kind.CONFIGURATION:
            examine_configuration(path, ENVIRONMENT)
        else:
            examine_system(path)

    def take_up(self, candidate: Candidate) -> None:
        super().take_up(candidate)
        if candidate.purpose.kind is Kind.SYSTEM:
            self.slots.reboot()


@dataclass
class CanaryRig(Rig):
    """See `Rig`."""

    runtime: RuntimeSettings = dataclasses.field(default_factory=RuntimeSettings)

    def __post_init__(self) -> None:
        self.home = self.folder / "updates"
        self.daemon = CanaryDaemon(
            self.home, lambda what, sha256: self.said.append((what, sha256)), runtime=self.runtime
        )
        self.root = self.workshop.places.metadata / "1.root.json"
        self.clocks = FakeClocks()
        self.start()

    def start(self) -> None:
        self.daemon.start()
        links = Links(
            source=self.source,
            installers=dict.fromkeys(Kind, self.daemon),
            body=self.daemon,
            changed=self._changed,
            clock=self.daemon.clock(),
            clocks=self.clocks.clocks(),
        )
        given = device_settings(self.root, **self.settings)
        self.updates = Updates(given, Device("door-1", THIS.daemon), self.home, links)

    def answer(self) -> None:
        """Turn until there is something to be said of every wish."""
        self.until(lambda: all(one.reason or one.phase in SETTLED for one in self.updates.reported().wishes))
