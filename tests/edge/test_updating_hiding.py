"""Why something is not taken is told to everybody: it holds no secret."""

from pathlib import Path

import pytest

from edge.config.settings import Settings
from edge.contracts.release import Kind, Purpose
from edge.updates.seams import Candidate
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.hiding import LONGEST, hidden
from edge.updating.models import ModelInstaller
from edge.updating.reading import Reading
from edge.updating.seat import Seat

SECRET = "hunter2secret"
CAMERAS = "cameras: {yard: {source: street}}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORESIGHT_PW", SECRET)
    path = tmp_path / "own.yaml"
    path.write_text(f"device: {{state_dir: {tmp_path}}}\nupdates: {{enabled: true}}\n{CAMERAS}")
    return path


def seat() -> Seat:
    return Seat(lambda: None, lambda _: None)


@pytest.mark.parametrize("text", ["", "nothing to hide", "/models/street.tflite is absent"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert hidden(text) == text


def test_secrets_of_the_environment_and_of_settings_go(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESIGHT_BOARD", "pi4")
    monkeypatch.setenv("FORESIGHT_A", "x")
    settings = Settings.model_validate({"mqtt": {"password": "inline7"}, "cameras": {"yard": {"source": "street"}}})
    assert hidden(f"{SECRET} inline7 pi4 x", settings) == "*** *** pi4 x"


def test_it_is_short_and_says_nothing_of_the_folders_of_the_store() -> None:
    assert hidden(f"/state/updates/store/{'ab' * 32}/door.yaml:1:2: so") == "door.yaml:1:2: so"
    assert len(hidden("a" * 999)) == LONGEST


@pytest.mark.parametrize(
    "text",
    [
        f"{CAMERAS}model: {{path: '/models/${{FORESIGHT_PW}}.tflite'}}\n",
        "cameras: {yard: {source: street, forecast: {model: '/m/${FORESIGHT_PW}.tflite'}}}\n",
        f"{CAMERAS}mqtt: {{password_file: '/run/${{FORESIGHT_PW}}'}}\n",
    ],
)
def test_a_released_configuration_cannot_have_secrets_told(own: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    purpose = Purpose(Kind.CONFIGURATION, "", "1", "", (), ())
    installer = ConfigurationInstaller(seat(), Reading(own), dict)
    with pytest.raises(RefusedError) as caught:
        installer.check(Candidate("a.yaml", purpose, "0" * 64, tmp_path / "a.yaml"))
    assert (caught.value.reason, SECRET in str(caught.value), "***" in str(caught.value)) == (Reason.UNFIT, False, True)


def test_nor_can_a_released_model(own: Path, tmp_path: Path) -> None:
    own.write_text(own.read_text() + "model: '/models/${FORESIGHT_PW}.tflite'\n")
    installer = ModelInstaller(seat(), Reading(own), dict)
    candidate = Candidate("a.tflite", Purpose(Kind.MODEL, "detector", "1", "", (), ()), "0" * 64, tmp_path / "a.tflite")
    with pytest.raises(RefusedError) as caught:
        installer.place(candidate)
    assert (SECRET in str(caught.value), "***" in str(caught.value)) == (False, True)
