"""What the update machine works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from edge.updates.baseline import BaselineRecorder
from edge.updates.interfaces import HealthProbe, Installers, StoredArtifact
from edge.updates.interrupt import Interrupt
from edge.updates.settings import UpdateSettings
from edge.updates.state import Artifact, State
from edge.updates.state_file import StateFile
from edge.updates.store import Store
from edge.updates.trust.releases import Releases


@dataclass(frozen=True, slots=True)
class Clock:
    """`now_s` never goes back; `utc_ns` is the wall clock."""

    now_s: Callable[[], float] = time.monotonic
    utc_ns: Callable[[], int] = time.time_ns


@dataclass(frozen=True, slots=True)
class UpdateContext:
    """One thread uses it; any may read `state`."""

    settings: UpdateSettings
    releases: Releases
    installers: Installers
    probe: HealthProbe
    state_file: StateFile
    store: Store
    recorder: BaselineRecorder
    clock: Clock
    interrupt: Interrupt

    @property
    def state(self) -> State:
        """As it is on disk."""
        return self.state_file.state

    def write(self, state: State) -> None:
        """It is on disk when this returns. Raises OSError; then it is as it was."""
        self.state_file.write(state)

    def now_s(self) -> float:
        """Of the clock that never goes back."""
        return self.clock.now_s()

    def stored(self, artifact: Artifact) -> StoredArtifact:
        """As installers see it."""
        path = self.store.path(artifact.name, artifact.sha256)
        return StoredArtifact(artifact.name, artifact.purpose, artifact.sha256, path)
