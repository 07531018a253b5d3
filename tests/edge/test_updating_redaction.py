"""Why something is not taken is told to everybody: it holds no secret."""

from pathlib import Path

import pytest

from edge.config.settings import Settings
from edge.contracts.release import Kind, Purpose
from edge.contracts.update_state import LONGEST_DETAIL
from edge.updates.interfaces import StoredArtifact
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updating.configurations import ConfigurationInstaller
from edge.updating.control import DaemonControl
from edge.updating.models import ModelInstaller
from edge.updating.reader import ConfigurationReader
from edge.updating.redaction import redacted

SECRET = "hunter2secret"
CAMERAS = "cameras: {yard: {source: street}}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORESIGHT_PW", SECRET)
    path = tmp_path / "own.yaml"
    path.write_text(f"device: {{state_dir: {tmp_path}}}\nupdates: {{enabled: true}}\n{CAMERAS}")
    return path


def control() -> DaemonControl:
    return DaemonControl(lambda: None, lambda _: None)


@pytest.mark.parametrize("text", ["", "nothing to hide", "/models/street.tflite is absent"])
def test_what_is_no_secret_stays(text: str) -> None:
    assert redacted(text) == text


def test_secrets_of_the_environment_and_of_settings_go(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESIGHT_BOARD", "pi4")
    monkeypatch.setenv("FORESIGHT_A", "x")
    settings = Settings.model_validate({"mqtt": {"password": "inline7"}, "cameras": {"yard": {"source": "street"}}})
    assert redacted(f"{SECRET} inline7 pi4 x", settings) == "*** *** pi4 x"


def test_it_is_short_and_says_nothing_of_the_folders_of_the_store() -> None:
    assert redacted(f"/state/updates/store/{'ab' * 32}/door.yaml:1:2: so") == "door.yaml:1:2: so"
    assert len(redacted("a" * 999)) == LONGEST_DETAIL


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
    installer = ConfigurationInstaller(control(), ConfigurationReader(own), dict)
    with pytest.raises(RefusedError) as caught:
        installer.check(StoredArtifact("a.yaml", purpose, "0" * 64, tmp_path / "a.yaml"))
    assert (caught.value.reason, SECRET in str(caught.value), "***" in str(caught.value)) == (Reason.UNFIT, False, True)


def test_nor_can_a_released_model(own: Path, tmp_path: Path) -> None:
    own.write_text(own.read_text() + "model: '/models/${FORESIGHT_PW}.tflite'\n")
    installer = ModelInstaller(control(), ConfigurationReader(own), dict)
    artifact = StoredArtifact(
        "a.tflite", Purpose(Kind.MODEL, "detector", "1", "", (), ()), "0" * 64, tmp_path / "a.tflite"
    )
    with pytest.raises(RefusedError) as caught:
        installer.place_of(artifact)
    assert (SECRET in str(caught.value), "***" in str(caught.value)) == (False, True)
