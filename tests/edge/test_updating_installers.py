"""Released models and configurations in a daemon: where they fit, how they are taken up, and left again."""

import hashlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.assembly import WARM_UPS, Models
from edge.config.settings import Settings
from edge.contracts.errors import ModelError
from edge.contracts.release import Kind, Purpose
from edge.contracts.update_state import CONFIGURATION
from edge.orders import Loaded, Refused
from edge.periodic import Periodic
from edge.updates.interfaces import StoredArtifact
from edge.updates.startup import Files
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.control import DaemonControl, RunningConfiguration
from edge.updating.inventory import Inventory
from edge.updating.models import ModelInstaller
from edge.updating.reader import ConfigurationReader
from tests.rigs.released_models import detector, versioned

CONFIG = """\
device: {{state_dir: {state}}}
model: {folder}/street.tflite
more_models: {{odd: {{path: {folder}/pinned.tflite, sha256: "{pinned}"}}}}
updates: {{enabled: true}}
cameras:
  yard:
    source: street
    zones: [{{name: gate, points: [[0, 0], [1, 0], [1, 1]], labels: [car]}}]
"""
NAME = "models/street.tflite"


class Device:
    """A daemon's configuration and models, without cameras: what serves is looked at again and again."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder, self.state, self.files = folder, state, dict[str, Path]()
        path = folder / "own.yaml"
        detector(folder / "street.tflite")
        pinned = hashlib.sha256(detector(folder / "pinned.tflite", "7", labels=("person",)).read_bytes()).hexdigest()
        path.write_text(CONFIG.format(folder=folder, state=state, pinned=pinned))
        self.reader = ConfigurationReader(path)
        self.reloads, self.switches = 0, 0
        self.control = DaemonControl(lambda: threading.Thread(target=self.reload).start(), self.adopted)
        self.adoptions: list[Settings] = []
        self.models: Models | None = None

    def adopted(self, settings: Settings) -> None:
        self.adoptions.append(settings)

    def run(self) -> None:
        """As the daemon takes up a configuration."""
        settings = self.reader.with_files(self.files)
        if self.models:
            self.models.__exit__(None, None, None)
        self.models = Models(settings.runtime, self.state)
        for _, file in settings.model_files:
            self.models.load(file)
        self.control.started(RunningConfiguration(settings, self.models, lambda: 0))

    def reload(self) -> None:
        self.reloads += 1
        try:
            self.run()
        except Exception as error:  # noqa: BLE001 - as the daemon says it
            self.control.reloaded(Refused.of(error))
        else:
            self.control.reloaded(Loaded())

    def turn(self) -> None:
        if self.models:
            self.models.turn()

    def switched(self) -> None:
        self.switches += 1

    def serving(self) -> Files:
        return self.files

    def installer(self) -> ModelInstaller:
        return ModelInstaller(self.control, self.reader, self.serving, self.switched)

    def configurations(self) -> ConfigurationInstaller:
        return ConfigurationInstaller(self.control, self.reader, self.serving, self.switched)

    def stored(self, file: Path, name: str = NAME, task: str = "detector") -> StoredArtifact:
        """A file in the store."""
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        path = self.folder / "store" / sha256 / Path(name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, path)
        kind = Kind.MODEL if task else Kind.CONFIGURATION
        return StoredArtifact(name, Purpose(kind, task, "2", "", (), ()), sha256, path)

    def version(self) -> str:
        assert self.models is not None
        return next(one.bundle.version for key, one in self.models.switched.items() if key.path.name == "street.tflite")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Which models have passed their trial, so that each is tried once."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture
def device(tmp_path: Path, state: Path) -> Iterator[Device]:
    made = Device(tmp_path, state)
    made.run()
    with Periodic(made.turn, 0.0, 0.02):
        yield made
    assert made.models is not None
    made.models.__exit__(None, None, None)


def tried(device: Device, artifact: StoredArtifact) -> None:
    device.installer().place_of(artifact)
    device.installer().check(artifact)


def refused(device: Device, artifact: StoredArtifact) -> tuple[Reason, str]:
    with pytest.raises(RefusedError) as error:
        tried(device, artifact)
    return error.value.reason, str(error.value)


def test_where_there_is_no_place(device: Device, tmp_path: Path) -> None:
    new = detector(tmp_path / "new.tflite", "2")
    reason, said = refused(device, device.stored(new, "models/other.tflite"))
    assert (reason, "pinned.tflite, street.tflite, trajectories.tflite" in said) == (Reason.NO_PLACE, True)
    assert refused(device, device.stored(new, task="classifier"))[0] is Reason.NO_PLACE
    reason, said = refused(device, device.stored(new, "models/pinned.tflite"))
    assert (reason, "more_models.odd" in said) == (Reason.NO_PLACE, True)


def test_what_does_not_fit(device: Device, tmp_path: Path) -> None:
    reason, said = refused(device, device.stored(detector(tmp_path / "a.tflite", "2", labels=("person", "dog"))))
    assert (reason, "car" in said) == (Reason.UNFIT, True)  # of the gate
    (tmp_path / "b.tflite").write_bytes(b"no model")
    assert refused(device, device.stored(tmp_path / "b.tflite"))[0] is Reason.MALFORMED
    assert refused(device, device.stored(detector(tmp_path / "c.tflite", "2", looks=1)))[0] is Reason.UNFIT


def test_where_there_is_no_room_to_try_a_model_it_is_tried_later(
    device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = device.stored(detector(tmp_path / "new.tflite", "3"))
    (tmp_path / "a.yaml").write_text(f"model: {new.path}\ncameras: {{yard: {{source: street}}}}\n")
    configuration = device.stored(tmp_path / "a.yaml", "configurations/door.yaml", task="")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    with pytest.raises(RefusedError, match="free some space") as checked:
        device.configurations().check(configuration)
    device.files["street.tflite"] = new.path
    with pytest.raises(RefusedError, match="free some space") as activated:
        device.installer().activate(new)
    assert [error.value.reason for error in (checked, activated)] == [Reason.NO_SPACE, Reason.NO_SPACE]
    assert device.reloads == 0


def test_a_like_model_is_switched_and_switched_back(device: Device, tmp_path: Path) -> None:
    artifact = device.stored(versioned(tmp_path / "street.tflite", tmp_path / "n.tflite", "2"))
    installer = device.installer()
    assert installer.place_of(artifact) == "street.tflite"
    installer.check(artifact)
    assert not installer.is_active(artifact)
    device.files["street.tflite"] = artifact.path
    assert installer.activate(artifact) == "switched between two frames"
    assert installer.activate(artifact) == ""  # as after a loss of power
    assert (installer.is_active(artifact), device.version(), device.reloads, device.switches) == (True, "2", 0, 2)
    del device.files["street.tflite"]
    installer.roll_back(artifact)
    installer.roll_back(artifact)  # as after a loss of power
    assert (installer.is_active(artifact), device.version(), device.reloads) == (False, "1", 0)
    assert [one.model and one.model.path.parent.name for one in device.adoptions[1:3]] == [
        artifact.sha256,
        tmp_path.name,
    ]


def test_what_is_good_stays_over_a_reload(device: Device, tmp_path: Path) -> None:
    artifact, installer = device.stored(detector(tmp_path / "n.tflite", "2")), device.installer()
    device.files["street.tflite"] = artifact.path
    installer.activate(artifact)
    installer.commit(artifact)
    assert installer.is_active(artifact)
    device.control.stopped()
    assert installer.is_active(artifact)  # as far as is known
    device.run()
    assert (installer.is_active(artifact), device.version()) == (True, "2")


def test_the_inventory_goes_by_what_is_in_memory(device: Device, tmp_path: Path) -> None:
    inventory = Inventory(device.control)

    def versions() -> dict[str, str]:
        assert all(one.name == "" for one in inventory())
        return {one.place: one.version for one in inventory()}

    before = versions()
    assert (before["street.tflite"], before["pinned.tflite"], before[CONFIGURATION]) == ("1", "7", "")
    artifact = device.stored(detector(tmp_path / "n.tflite", "2"))
    device.files["street.tflite"] = artifact.path
    device.installer().activate(artifact)
    assert versions() == {**before, "street.tflite": "2"}
    device.control.stopped()
    assert versions() == {**before, "street.tflite": "2"}  # as far as is known
    device.files.clear()  # it was found damaged
    device.run()
    assert versions() == before


def test_other_labels_take_a_reload(device: Device, tmp_path: Path) -> None:
    labels = ("person", "car", "dog")
    artifact, installer = device.stored(detector(tmp_path / "n.tflite", "2", labels=labels)), device.installer()
    installer.check(artifact)
    device.files["street.tflite"] = artifact.path
    assert "reload" in installer.activate(artifact)
    assert (installer.is_active(artifact), device.version(), device.reloads) == (True, "2", 1)
    del device.files["street.tflite"]
    installer.roll_back(artifact)
    assert (installer.is_active(artifact), device.version(), device.reloads) == (False, "1", 2)


def test_one_that_fails_while_it_serves_is_sick(device: Device, tmp_path: Path) -> None:
    artifact, installer = device.stored(detector(tmp_path / "n.tflite", "2", looks=20)), device.installer()
    installer.check(artifact)
    device.files["street.tflite"] = artifact.path
    installer.activate(artifact)
    assert device.models is not None
    runtime = next(one for key, one in device.models.switched.items() if key.path.name == "street.tflite")
    blank = runtime.bundle.input.tensor
    for _ in range(20 - WARM_UPS):
        runtime.invoke(np.zeros(blank.shape, np.float32))
    with pytest.raises(ModelError, match="gather"):
        runtime.invoke(np.zeros(blank.shape, np.float32))
    with pytest.raises(RefusedError) as error:
        installer.is_active(artifact)
    assert (error.value.reason, "gather" in str(error.value)) == (Reason.SICK, True)
    del device.files["street.tflite"]
    installer.roll_back(artifact)
    assert device.version() == "1"


def test_a_configuration_is_taken_up_and_left_by_reloads(device: Device, tmp_path: Path) -> None:
    installer = device.configurations()
    (tmp_path / "a.yaml").write_text(f"model: {tmp_path}/street.tflite\ncameras: {{garden: {{source: street}}}}\n")
    artifact = device.stored(tmp_path / "a.yaml", "configurations/door.yaml", task="")
    assert installer.place_of(artifact) == CONFIGURATION
    installer.check(artifact)
    device.files[CONFIGURATION] = artifact.path
    installer.activate(artifact)
    assert device.control.running is not None
    assert (installer.is_active(artifact), list(device.control.running.settings.cameras)) == (True, ["garden"])
    installer.activate(artifact)  # nothing is left to be done
    installer.commit(artifact)
    assert device.reloads == 1
    del device.files[CONFIGURATION]
    installer.roll_back(artifact)
    assert (installer.is_active(artifact), list(device.control.running.settings.cameras)) == (False, ["yard"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cameras: [", Reason.MALFORMED),
        ("cameras: {yard: {sauce: street}}", Reason.UNFIT),
        ("device: {state_dir: /elsewhere}\ncameras: {yard: {source: street}}", Reason.UNFIT),
    ],
)
def test_a_configuration_that_is_of_no_use(device: Device, tmp_path: Path, text: str, reason: Reason) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(RefusedError) as error:
        device.configurations().check(device.stored(tmp_path / "a.yaml", "a.yaml", task=""))
    assert error.value.reason is reason
