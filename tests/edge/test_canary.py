import json
import logging
import os
from pathlib import Path

import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.golden import encode_golden, parse_golden
from edge.contracts.input_rules import Overrides
from edge.contracts.types import Head, ModelBundle
from edge.runtime.canary import try_candidate, try_model
from edge.runtime.candidate import Wanted
from edge.runtime.faults import Fault, FaultError
from edge.runtime.proven import FILE_NAME, KEPT, is_proven, remember
from edge.runtime.settings import RuntimeSettings
from tests.edge.test_bundle import mutants
from tests.kernel import needs_memory_limits
from tests.paths import REPOSITORY, data
from tests.rigs import hostile_models as models
from tests.rigs.tflite import ABS, Net, Port

SETTINGS = RuntimeSettings()
CRASHING = Net(operator=43, operands=(-1,))  # SQUEEZE of no tensor: LiteRT follows a null pointer while it loads
SHIPPED = {
    "detector": (REPOSITORY / "edge/demo/shipped/street.tflite", Head.SSD),
    "forecaster": (REPOSITORY / "edge/forecast/shipped/street.tflite", Head.TRAJECTORY),
}
AS_EMBEDDING = Overrides(head=Head.EMBEDDING, mean=(0, 0, 0), std=(1, 1, 1))


def bundle(folder: Path, net: Net | None = None) -> ModelBundle:
    return read_bundle((net or Net(operator=ABS)).write(folder / "m.tflite"), overrides=AS_EMBEDDING)


def test_a_sound_model_is_tried_once(tmp_path: Path) -> None:
    sound, state = bundle(tmp_path), tmp_path / "state"
    try_model(sound, SETTINGS, state)
    (key,) = json.loads((state / FILE_NAME).read_text())["value"]
    assert key.startswith(f"{sound.sha256} ai_edge_litert ")
    sound.path.unlink()  # a second trial would fail
    try_model(sound, SETTINGS, state)


@pytest.mark.parametrize(
    ("net", "complaint"),
    [
        (CRASHING, r"m\.tflite ended its trial with SIGSEGV .* was refused"),
        (Net(custom="no-such-operator"), r"m\.tflite cannot be loaded by ai_edge_litert .*no-such-operator"),
        (Net(custom="edgetpu-custom-op"), r"m\.tflite is compiled for the Edge TPU, and libnothing\.so\.9"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_refused(tmp_path: Path, net: Net, complaint: str) -> None:
    settings = SETTINGS.model_copy(update={"edgetpu_library": "libnothing.so.9"})
    with pytest.raises(ModelError, match=complaint):
        try_model(bundle(tmp_path, net), settings, tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_model_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"trial_deadline_s": 0.001})
    with pytest.raises(ModelError, match=r"within 0\.001 s in its trial and was refused"):
        try_model(bundle(tmp_path), settings, tmp_path)


@pytest.mark.parametrize("limit_mib", [256, 512])  # when it is loaded, and when it is run
def test_a_model_that_takes_too_much_memory_is_refused(tmp_path: Path, limit_mib: int) -> None:
    needs_memory_limits()
    port = Port((1, 4096, 4096, 3))  # 192 MiB, twice in the model and once in the trial
    settings = SETTINGS.model_copy(update={"trial_memory_mib": limit_mib})
    with pytest.raises(FaultError, match=rf"m\.tflite .*trial_memory_mib = {limit_mib}") as caught:
        try_model(bundle(tmp_path, Net((port,), (port,), operator=ABS)), settings, tmp_path)
    assert caught.value.fault is Fault.LIMITS


def test_a_model_that_answers_otherwise_than_where_it_was_exported_is_refused(tmp_path: Path) -> None:
    """A library, or a processor, that computes wrong is seen at the first start with it."""
    path = tmp_path / "look.tflite"
    sound = models.embedder(1)
    path.write_bytes(sound)
    try_model(read_bundle(path), SETTINGS, tmp_path)
    golden = parse_golden(models.taken_apart(sound)[1][GOLDEN])
    golden.outputs[0].values[3] += 1
    path.write_bytes(models.with_files(sound, {GOLDEN: encode_golden(golden)}))
    with pytest.raises(FaultError, match=r"look\.tflite does not answer here as .* differs in 1 of 16") as caught:
        try_model(read_bundle(path), SETTINGS, tmp_path)
    assert caught.value.fault is Fault.GOLDEN


def test_a_file_that_has_changed_since_it_was_read_is_not_tried(tmp_path: Path) -> None:
    read = bundle(tmp_path)
    content = read.path.read_bytes()
    read.path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match=r"m\.tflite has the SHA-256"):
        try_model(read, SETTINGS, tmp_path)
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("task", SHIPPED)
def test_shipped_models_answer_as_they_did_where_they_were_exported(task: str) -> None:
    path, head = SHIPPED[task]
    assert try_candidate(path, "", Wanted(task, head), SETTINGS) == ""
    with pytest.raises(FaultError, match=f"is a {task}, and a classifier was released") as caught:
        try_candidate(path, "", Wanted("classifier", head), SETTINGS)
    assert caught.value.fault is Fault.UNFIT


def test_a_model_of_somebody_else_passes_without_a_sample_and_that_is_said(tmp_path: Path) -> None:
    path = Net(operator=ABS).write(tmp_path / "m.tflite")
    unproven = try_candidate(path, "", Wanted("embedder", Head.EMBEDDING, AS_EMBEDDING), SETTINGS)
    assert unproven.startswith("it has no golden.json")
    with pytest.raises(FaultError, match="replace as ssd") as caught:
        try_candidate(path, "", Wanted("embedder", Head.SSD, AS_EMBEDDING), SETTINGS)
    assert caught.value.fault is Fault.UNFIT


def test_a_candidate_that_crashes_is_refused_in_the_same_words(tmp_path: Path) -> None:
    path = CRASHING.write(tmp_path / "m.tflite")
    with pytest.raises(FaultError, match=r"m\.tflite ended its trial with SIGSEGV .* was refused") as caught:
        try_candidate(path, "", Wanted("", None, AS_EMBEDDING), SETTINGS)
    assert caught.value.fault is Fault.CRASHED


def test_where_nothing_can_be_written_no_trial_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    with pytest.raises(ModelError, match=r"no process can be started to try .*m\.tflite"):
        try_model(bundle(tmp_path), SETTINGS, tmp_path)


def test_the_trial_does_not_see_the_daemons_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An Edge TPU library is code: one that writes down what it is given shows the environment of the trial."""
    monkeypatch.setenv("FORESIGHT_MQTT_PASSWORD", "hunter2")
    monkeypatch.setenv("PYTHONPATH", str(spy(tmp_path)))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    try_model(bundle(tmp_path), SETTINGS, tmp_path / "state")
    seen = (tmp_path / "environment").read_text()
    assert "PYTHONPATH" in seen
    assert "FORESIGHT_MQTT_PASSWORD" not in seen


def spy(folder: Path) -> Path:
    """A folder with a module that Python imports at start and that writes down its environment."""
    code = f"import os\nopen({str(folder / 'environment')!r}, 'w').write(' '.join(os.environ))\n"
    (folder / "spy").mkdir()
    (folder / "spy" / "usercustomize.py").write_text(code)
    (folder / "spy" / "sitecustomize.py").write_text(code)
    return folder / "spy"


def test_models_that_fail_are_refused() -> None:
    failing = read_bundle(data("models", "invalid", "model_invoking_error.tflite"), overrides=AS_EMBEDDING)
    with pytest.raises(ModelError, match="model_invoking_error"):
        try_model(failing, SETTINGS, Path(os.devnull))


def test_mutants_of_a_real_model_never_take_us_along(tmp_path: Path) -> None:
    """Of the bit-flipped copies of this model about one in 400 makes LiteRT crash; number 898 did."""
    original = data("models", "keras_lstm_mnist_ptq.tflite").read_bytes()
    path, ends = tmp_path / "m.tflite", []
    for mutant in mutants(original, 899)[-12:]:
        path.write_bytes(mutant)
        try:
            try_model(read_bundle(path, overrides=AS_EMBEDDING), SETTINGS, tmp_path)
        except ModelError as error:
            ends.append("SIGSEGV" if "SIGSEGV" in str(error) else "refused")
        else:
            ends.append("ran")
    assert {"ran", "refused"} <= set(ends)


def test_what_was_proven_is_kept_within_bounds(tmp_path: Path) -> None:
    assert not is_proven(tmp_path / "absent", "a")
    for number in range(KEPT + 2):
        remember(tmp_path, f"model {number}")
    remember(tmp_path, "model 5")
    assert len(json.loads((tmp_path / FILE_NAME).read_text())["value"]) == KEPT
    assert not is_proven(tmp_path, "model 1")
    assert is_proven(tmp_path, "model 5")
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", [b"", b"{", b"[1, null]", b'{"a": 1}', b"\xff"])
def test_a_damaged_record_costs_a_trial_only(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert not is_proven(tmp_path, "a")
    remember(tmp_path, "a")
    assert is_proven(tmp_path, "a")


def test_a_folder_that_cannot_be_written_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        remember(Path(os.devnull), "a")
    assert "cannot remember in /dev/null" in caplog.text
