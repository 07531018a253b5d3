"""A device whose small daemon decides with the real installers where a released file fits, and tries it as they do."""

import dataclasses
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from edge.admission import examine_system
from edge.config.settings import Settings
from edge.contracts.release import Kind
from edge.runtime.settings import RuntimeSettings
from edge.updates.interfaces import Installers, StoredArtifact
from edge.updates.startup import Files
from edge.updates.updates import Device, Updates
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.control import DaemonControl
from edge.updating.models import ModelInstaller
from edge.updating.reader import ConfigurationReader
from tests.rigs.releases import THIS, FakeClocks
from tests.rigs.updating.device import Daemon
from tests.rigs.updating.updating import SETTLED, Rig, device_settings

SECRET = "hunter2-of-this-device"
ENVIRONMENT = {"FORESIGHT_MQTT_PASSWORD": SECRET}


class Reader(ConfigurationReader):
    """A `ConfigurationReader` of a device that runs models as it is told to, whatever a released configuration says."""

    def __init__(self, path: Path, runtime: RuntimeSettings) -> None:
        super().__init__(path)
        self.runtime = runtime

    def with_files(self, files: Files) -> Settings:
        """See `ConfigurationReader`."""
        return super().with_files(files).model_copy(update={"runtime": self.runtime})


class CanaryDaemon(Daemon):
    """`place_of` and `check` are those of a daemon; what serves is only written down. No RAUC looks at systems.

    Args:
        rig: that it is of.
    """

    def __init__(self, rig: "CanaryRig") -> None:
        super().__init__(rig.home, lambda what, sha256: rig.said.append((what, sha256)))
        own = rig.folder / "own.yaml"
        own.write_text(f"device: {{state_dir: {rig.folder}/state}}\nupdates: {{enabled: true}}\n{rig.configuration}")
        self.reader = Reader(own, rig.runtime)
        shared = DaemonControl(lambda: None, lambda _: None), self.reader, lambda: dict(self.serving)
        self._real: Installers = {
            Kind.MODEL: ModelInstaller(*shared),
            Kind.CONFIGURATION: ConfigurationInstaller(*shared),
        }

    def place_of(self, artifact: StoredArtifact) -> str:
        if artifact.purpose.kind is Kind.SYSTEM:
            return super().place_of(artifact)
        with with_secret():
            return self._real[artifact.purpose.kind].place_of(artifact)

    def check(self, artifact: StoredArtifact) -> None:
        self.said("check", artifact.sha256)
        if artifact.purpose.kind is Kind.SYSTEM:
            examine_system(artifact.path)
            return
        with with_secret():
            self._real[artifact.purpose.kind].check(artifact)

    def activate(self, artifact: StoredArtifact) -> str:
        how = super().activate(artifact)
        if artifact.purpose.kind is Kind.SYSTEM:
            self.slots.reboot()
        return how


@dataclass
class CanaryRig(Rig):
    """See `Rig`."""

    configuration: str = ""  # of the device: what it watches, with which models
    runtime: RuntimeSettings = dataclasses.field(default_factory=RuntimeSettings)

    def __post_init__(self) -> None:
        self.home = self.folder / "updates"
        self.folder.mkdir(parents=True)
        self.daemon = CanaryDaemon(self)
        self.root = self.workshop.repository.metadata / "1.root.json"
        self.clocks = FakeClocks()
        self.start()

    def start(self) -> None:
        self.daemon.start()
        links = self.links(self.clocks)
        given = device_settings(self.root, **self.settings)
        self.updates = Updates(given, Device("door-1", THIS.daemon), self.home, links)

    def answer(self) -> None:
        """Turn until there is something to be said of every wish."""
        self.until(lambda: all(one.reason or one.phase in SETTLED for one in self.updates.reported().wishes))


@contextmanager
def with_secret() -> Iterator[None]:
    """A variable of the device's environment, which nobody is to be told."""
    with mock.patch.dict(os.environ, ENVIRONMENT):
        yield
