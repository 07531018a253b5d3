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
from edge.periodic import Periodic
from edge.updates.seams import Candidate
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.models import ModelInstaller
from edge.updating.overlay import Files
from edge.updating.reading import Reading
from edge.updating.seat import Present, Seat
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
        self.reading = Reading(path)
        self.reloads, self.switches = 0, 0
        self.seat = Seat(lambda: threading.Thread(target=self.reload).start(), self.adopted)
        self.adoptions: list[Settings] = []
        self.models: Models | None = None

    def adopted(self, settings: Settings) -> None:
        self.adoptions.append(settings)

    def run(self) -> None:
        """As the daemon takes up a configuration."""
        settings = self.reading.with_files(self.files)
        if self.models:
            self.models.__exit__(None, None, None)
        self.models = Models(settings.runtime, self.state)
        for _, file in settings.model_files:
            self.models.load(file)
        self.seat.runs(Present(settings, self.models, lambda: 0))

    def reload(self) -> None:
        self.reloads += 1
        try:
            self.run()
        except Exception as error:  # noqa: BLE001 - as the daemon says it
            self.seat.told(f"refused: {error}")
        else:
            self.seat.told("loaded")

    def turn(self) -> None:
        if self.models:
            self.models.turn()

    def switched(self) -> None:
        self.switches += 1

    def serving(self) -> Files:
        return self.files

    def installer(self) -> ModelInstaller:
        return ModelInstaller(self.seat, self.reading, self.serving, self.switched)

    def configurations(self) -> ConfigurationInstaller:
        return ConfigurationInstaller(self.seat, self.reading, self.serving, self.switched)

    def stored(self, file: Path, name: str = NAME, task: str = "detector") -> Candidate:
        """A file in the store."""
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        path = self.folder / "store" / sha256 / Path(name).name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, path)
        kind = Kind.MODEL if task else Kind.CONFIGURATION
        return Candidate(name, Purpose(kind, task, "2", "", (), ()), sha256, path)

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


def tried(device: Device, candidate: Candidate) -> None:
    device.installer().place(candidate)
    device.installer().check(candidate)


def refused(device: Device, candidate: Candidate) -> tuple[Reason, str]:
    with pytest.raises(RefusedError) as error:
        tried(device, candidate)
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


def test_a_like_model_is_switched_and_switched_back(device: Device, tmp_path: Path) -> None:
    candidate = device.stored(versioned(tmp_path / "street.tflite", tmp_path / "n.tflite", "2"))
    installer = device.installer()
    assert installer.place(candidate) == "street.tflite"
    installer.check(candidate)
    assert not installer.serves(candidate)
    device.files["street.tflite"] = candidate.path
    installer.take_up(candidate)
    assert (installer.serves(candidate), device.version(), device.reloads, device.switches) == (True, "2", 0, 1)
    assert installer.how[candidate.sha256] == "switched between two frames"
    del device.files["street.tflite"]
    installer.go_back(candidate)
    installer.go_back(candidate)  # as after a loss of power
    assert (installer.serves(candidate), device.version(), device.reloads) == (False, "1", 0)
    assert [one.model and one.model.path.parent.name for one in device.adoptions[:2]] == [
        candidate.sha256,
        tmp_path.name,
    ]


def test_what_is_good_stays_over_a_reload(device: Device, tmp_path: Path) -> None:
    candidate, installer = device.stored(detector(tmp_path / "n.tflite", "2")), device.installer()
    device.files["street.tflite"] = candidate.path
    installer.take_up(candidate)
    installer.keep(candidate)
    assert installer.serves(candidate)
    device.seat.rests()
    assert installer.serves(candidate)  # as far as is known
    device.run()
    assert (installer.serves(candidate), device.version()) == (True, "2")


def test_other_labels_take_a_reload(device: Device, tmp_path: Path) -> None:
    labels = ("person", "car", "dog")
    candidate, installer = device.stored(detector(tmp_path / "n.tflite", "2", labels=labels)), device.installer()
    installer.check(candidate)
    device.files["street.tflite"] = candidate.path
    installer.take_up(candidate)
    assert (installer.serves(candidate), device.version(), device.reloads) == (True, "2", 1)
    assert "reload" in installer.how[candidate.sha256]
    del device.files["street.tflite"]
    installer.go_back(candidate)
    assert (installer.serves(candidate), device.version(), device.reloads) == (False, "1", 2)


def test_one_that_fails_while_it_serves_is_sick(device: Device, tmp_path: Path) -> None:
    candidate, installer = device.stored(detector(tmp_path / "n.tflite", "2", looks=20)), device.installer()
    installer.check(candidate)
    device.files["street.tflite"] = candidate.path
    installer.take_up(candidate)
    assert device.models is not None
    runtime = next(one for key, one in device.models.switched.items() if key.path.name == "street.tflite")
    blank = runtime.bundle.input.tensor
    for _ in range(20 - WARM_UPS):
        runtime.invoke(np.zeros(blank.shape, np.float32))
    with pytest.raises(ModelError, match="gather"):
        runtime.invoke(np.zeros(blank.shape, np.float32))
    with pytest.raises(RefusedError) as error:
        installer.serves(candidate)
    assert (error.value.reason, "gather" in str(error.value)) == (Reason.SICK, True)
    del device.files["street.tflite"]
    installer.go_back(candidate)
    assert device.version() == "1"


def test_a_configuration_is_taken_up_and_left_by_reloads(device: Device, tmp_path: Path) -> None:
    installer = device.configurations()
    (tmp_path / "a.yaml").write_text(f"model: {tmp_path}/street.tflite\ncameras: {{garden: {{source: street}}}}\n")
    candidate = device.stored(tmp_path / "a.yaml", "configurations/door.yaml", task="")
    assert installer.place(candidate) == CONFIGURATION
    installer.check(candidate)
    device.files[CONFIGURATION] = candidate.path
    installer.take_up(candidate)
    assert device.seat.present is not None
    assert (installer.serves(candidate), list(device.seat.present.settings.cameras)) == (True, ["garden"])
    installer.take_up(candidate)  # nothing is left to be done
    installer.keep(candidate)
    assert device.reloads == 1
    del device.files[CONFIGURATION]
    installer.go_back(candidate)
    assert (installer.serves(candidate), list(device.seat.present.settings.cameras)) == (False, ["yard"])


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
