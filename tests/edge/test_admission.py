"""Released files are looked at before anything serves by them; it is said why one is refused."""

from dataclasses import replace
from errno import EAGAIN
from pathlib import Path
from random import Random

import numpy as np
import pytest

from edge.admission import examine_configuration, examine_model, examine_system
from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.golden import encode_golden, parse_golden
from edge.contracts.types import Head
from edge.runtime.candidate import Wanted
from edge.runtime.settings import RuntimeSettings
from edge.updates.trust.refusal import Reason, RefusedError
from tests.rigs import hostile_models as models
from tests.rigs.tflite import Net, Port
from tests.rigs.updating.bad_files import bundle
from trainer.export.bundle import pack

SETTINGS = RuntimeSettings(threads=1)
LOOK = Wanted("embedder", Head.EMBEDDING)


@pytest.fixture(scope="module")
def look() -> bytes:
    """A sound bundle."""
    return models.embedder(1)


def refused(path: Path, content: bytes, wanted: Wanted = LOOK, settings: RuntimeSettings = SETTINGS) -> RefusedError:
    path.write_bytes(content)
    with pytest.raises(RefusedError) as caught:
        examine_model(path, "", wanted, settings)
    assert path.name in str(caught.value)
    assert str(path.parent) not in str(caught.value)
    return caught.value


def test_the_hash_is_checked_before_all_else(tmp_path: Path, look: bytes) -> None:
    path = tmp_path / "look.tflite"
    path.write_bytes(look)
    with pytest.raises(RefusedError, match="SHA-256") as caught:
        examine_model(path, "0" * 64, LOOK, SETTINGS)
    assert caught.value.reason is Reason.UNFIT


def test_answers_may_differ_by_what_is_allowed_and_no_more(tmp_path: Path, look: bytes) -> None:
    golden = parse_golden(models.taken_apart(look)[1][GOLDEN])
    kept = golden.outputs[0]
    for share, passes in ((0.5, True), (1.5, False)):
        values = kept.values + np.float32(share * kept.absolute)
        made = replace(golden, outputs=(replace(kept, values=values, relative=0.0),))
        content = models.with_files(look, {GOLDEN: encode_golden(made)})
        if passes:
            path = tmp_path / "look.tflite"
            path.write_bytes(content)
            assert examine_model(path, "", LOOK, SETTINGS) == ""
        else:
            error = refused(tmp_path / "look.tflite", content)
            assert error.reason is Reason.GOLDEN
            assert "embedding differs in 16 of 16 values" in str(error)


def test_a_process_that_takes_too_long_is_ended(tmp_path: Path, look: bytes) -> None:
    error = refused(tmp_path / "m.tflite", look, settings=SETTINGS.model_copy(update={"trial_deadline_s": 0.05}))
    assert error.reason is Reason.HUNG


def test_where_there_is_no_room_to_try_it_nothing_is_held_against_it(
    tmp_path: Path, look: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another attempt may find some."""
    monkeypatch.setattr("tempfile.tempdir", "/absent")
    error = refused(tmp_path / "look.tflite", look)
    assert (error.reason, "free some space" in str(error)) == (Reason.NO_SPACE, True)
    monkeypatch.setattr("edge.contracts.sandbox.Child", no_process)
    with pytest.raises(RefusedError, match=r"no process .* door\.yaml in: .*free some space") as caught:
        examine_configuration(tmp_path / "door.yaml", {})
    assert (caught.value.reason, str(tmp_path) in str(caught.value)) == (Reason.NO_SPACE, False)


def no_process(*_: object) -> None:
    raise BlockingIOError(EAGAIN, "Resource temporarily unavailable")


def test_a_model_for_an_accelerator_is_run_as_its_model_for_the_cpu(tmp_path: Path, look: bytes) -> None:
    compiled = Net((Port((1, 8, 8, 3)),), (Port((1, 16)),), custom="edgetpu-custom-op").encode()
    bundle = pack(compiled, models.manifest(), (), look)
    path = tmp_path / "look_edgetpu.tflite"
    path.write_bytes(bundle)
    assert examine_model(path, "", LOOK, SETTINGS) == ""
    path.write_bytes(pack(compiled, models.manifest(), ()))
    assert "it was read, not run" in examine_model(path, "", LOOK, SETTINGS)


def test_a_configuration_is_checked_as_the_command_does(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("sensors: {t: {source: {kind: mqtt, topic: '${FORESIGHT_TOPIC}'}}}\n")
    examine_configuration(path, {"FORESIGHT_TOPIC": "a/b", "OTHER": "x"})
    with pytest.raises(RefusedError, match="FORESIGHT_TOPIC") as caught:
        examine_configuration(path, {})
    assert caught.value.reason is Reason.UNFIT


def test_a_system_must_look_like_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "pi4.raucb"
    path.write_bytes(bundle(Random(1)))
    examine_system(path)
    for content in (b"", b"hsqs", bundle(Random(1))[:-1]):
        path.write_bytes(content)
        with pytest.raises(RefusedError, match=r"pi4\.raucb") as caught:
            examine_system(path)
        assert caught.value.reason is Reason.MALFORMED
