"""An accelerator that stalls, vanishes, aborts and comes back. A stand-in: plumbing only, no accuracy and no speed."""

import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from edge.contracts.bundle import read_bundle
from edge.contracts.errors import ModelError
from edge.contracts.golden import FILE_NAME as GOLDEN
from edge.contracts.input_rules import Overrides
from edge.contracts.runtime import Accelerator
from edge.contracts.types import Head, ModelBundle
from edge.runtime import fallback
from edge.runtime.canary import try_model
from edge.runtime.cpu_model import cpu_model
from edge.runtime.fallback import FallbackRuntime
from edge.runtime.interpreters import Plan
from edge.runtime.remote import RemoteModel
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import TfliteRuntime, open_runtime
from tests.rigs import hostile_models as models
from tests.rigs.accelerator.device import StandIn, compiled
from tests.rigs.host import wait_until
from tests.rigs.tflite import Net, Port, archive
from trainer.export.packing import append_files

EMBEDDING = Overrides(head=Head.EMBEDDING, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
SHAPE = (1, 8, 8, 3)
STALL_S = 5.0  # longer than any scheduler keeps a process waiting
TENSOR = np.linspace(-1, 1, 192, dtype=np.float32).reshape(SHAPE)


@pytest.fixture
def device(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path)


def settings(device: StandIn, **changes: object) -> RuntimeSettings:
    return RuntimeSettings.model_validate({"edgetpu_library": str(device.library), "stall_s": STALL_S, **changes})


def bundle(folder: Path, shape: tuple[int, ...] = SHAPE) -> ModelBundle:
    return read_bundle(compiled(folder / "m_edgetpu.tflite", shape), overrides=EMBEDDING)


def on_cpu(folder: Path, shape: tuple[int, ...] = SHAPE) -> TfliteRuntime:
    net = Net((Port(shape, name="x"),), (Port(shape, name="y"),))
    return open_runtime(read_bundle(net.write(folder / "m.tflite"), overrides=EMBEDDING), RuntimeSettings())


def processes() -> list[psutil.Process]:
    """The accelerators' own; earlier tests may have left others."""
    return [child for child in psutil.Process().children() if "edge.runtime.served" in command(child)]


def command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # just gone
        return []


class Served:
    """A runtime with the stand-in and a CPU model, and what was said of the accelerator."""

    def __init__(self, folder: Path, device: StandIn) -> None:
        self.said: list[Accelerator] = []
        self.runtime = FallbackRuntime(bundle(folder), settings(device), on_cpu(folder), self.said.append)

    def runs(self) -> str:
        """Run once, rightly; what computed."""
        (answer,) = self.runtime.invoke(TENSOR)
        assert np.array_equal(answer, np.abs(TENSOR))
        return self.runtime.delegate


def test_a_compiled_model_is_run_by_the_accelerator(tmp_path: Path, device: StandIn) -> None:
    served = Served(tmp_path, device)
    with served.runtime:
        assert wait_until(lambda: served.runs() == "edgetpu")
        assert [served.runs() for _ in range(20)] == ["edgetpu"] * 20
        assert [one.state for one in served.said] == ["degraded", "ok"]
        assert served.said[-1] == Accelerator("ok", "", 0)


def test_it_is_not_held_to_what_the_cpu_answered(tmp_path: Path, device: StandIn) -> None:
    """Golden samples are of the CPU's kernels; an accelerator rounds in its own way."""
    golden = models.taken_apart(models.embedder(1))[1][GOLDEN]
    path = compiled(tmp_path / "m_edgetpu.tflite")
    bare = path.read_bytes()
    path.write_bytes(append_files(bare, {GOLDEN: models.renamed(golden, bare)}))
    try_model(read_bundle(path, overrides=EMBEDDING), settings(device), tmp_path)


@pytest.mark.parametrize(
    ("fault", "told"),
    [("stall", "does not answer"), ("vanish", "Failed to invoke"), ("abort", "has crashed")],
)
def test_the_cpu_serves_while_it_is_away(tmp_path: Path, device: StandIn, fault: str, told: str) -> None:
    served = Served(tmp_path, device)
    with served.runtime:
        assert wait_until(lambda: served.runs() == "edgetpu")
        device.behave(fault)
        assert served.runs() == "xnnpack"  # the same tensor, nothing is left out
        assert (served.said[-1].state, served.said[-1].lost) == ("degraded", 1)
        assert told.lower() in served.said[-1].reason.lower() or fault == "vanish"
        device.behave("ok")
        assert wait_until(lambda: served.runs() == "edgetpu")
        assert served.said[-1] == Accelerator("ok", "", 1)
    assert wait_until(lambda: not processes())


@pytest.mark.parametrize("fault", ["absent", "stall", "abort"])
def test_nobody_waits_for_one_that_is_not_well_at_start(
    tmp_path: Path, device: StandIn, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.behave(fault)
    opening: list[str] = []

    class Watched(RemoteModel):
        def __init__(self, plan: Plan, input_bytes: int, open_s: float) -> None:
            opening.append(threading.current_thread().name)
            super().__init__(plan, input_bytes, open_s)

    monkeypatch.setattr(fallback, "RemoteModel", Watched)
    served = Served(tmp_path, device)
    with served.runtime:
        assert served.runs() == "xnnpack"
        assert [one.state for one in served.said] == ["degraded"]
        device.behave("ok")
        assert wait_until(lambda: served.runs() == "edgetpu", 120)
    assert set(opening) == {"accelerator-probe"}  # never on the thread that everybody waits for


def test_its_process_knows_no_secrets(tmp_path: Path, device: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESIGHT_MQTT_PASSWORD", "hush-hush")
    served = Served(tmp_path, device)
    with served.runtime:
        assert wait_until(lambda: served.runs() == "edgetpu")
        assert [child.environ().get("FORESIGHT_MQTT_PASSWORD") for child in processes()] == [None]


def test_a_killed_process_is_a_lost_accelerator(tmp_path: Path, device: StandIn) -> None:
    served = Served(tmp_path, device)
    with served.runtime:
        assert wait_until(lambda: served.runs() == "edgetpu")
        for child in processes():
            child.kill()
        assert served.runs() == "xnnpack"
        assert wait_until(lambda: served.runs() == "edgetpu")


def test_without_a_cpu_model_nothing_begins_without_the_accelerator(tmp_path: Path, device: StandIn) -> None:
    device.behave("absent")
    with pytest.raises(ModelError, match="plug it in, or name the CPU's version"):
        FallbackRuntime(bundle(tmp_path), settings(device), None, lambda _: None)


def test_without_a_cpu_model_frames_fail_until_it_is_back(tmp_path: Path, device: StandIn) -> None:
    with FallbackRuntime(bundle(tmp_path), settings(device), None, lambda _: None) as runtime:
        device.behave("vanish")
        for _ in range(3):
            with pytest.raises(ModelError, match="no model for the CPU"):
                runtime.invoke(TENSOR)
        device.behave("ok")
        assert wait_until(lambda: answers(runtime))


def answers(runtime: FallbackRuntime) -> bool:
    try:
        runtime.invoke(TENSOR)
    except ModelError:
        return False
    return True


def test_a_cpu_model_of_another_shape_is_refused(tmp_path: Path, device: StandIn) -> None:
    with pytest.raises(ModelError, match="cannot stand in for"):
        FallbackRuntime(bundle(tmp_path), settings(device), on_cpu(tmp_path, (1, 16, 16, 3)), lambda _: None)


def test_a_library_that_is_not_there_is_named(tmp_path: Path, device: StandIn) -> None:
    missing = settings(device, edgetpu_library="/nowhere/libedgetpu.so.1")
    with pytest.raises(ModelError, match=r"/nowhere/libedgetpu\.so\.1 cannot be used"):
        FallbackRuntime(bundle(tmp_path), missing, None, lambda _: None)


# where the CPU's model is


def test_the_configured_model_comes_first(tmp_path: Path) -> None:
    assert cpu_model(bundle(tmp_path), Path("mine.tflite"), tmp_path) == Path("mine.tflite")


def test_one_that_lies_beside_is_found_by_its_name(tmp_path: Path) -> None:
    made = bundle(tmp_path)
    assert cpu_model(made, None, tmp_path) is None
    (tmp_path / "m.tflite").write_bytes(b"x")
    assert cpu_model(made, None, tmp_path) == tmp_path / "m.tflite"


def test_one_that_is_packed_inside_is_unpacked_once(tmp_path: Path) -> None:
    inner = Net((Port(SHAPE, name="x"),), (Port(SHAPE, name="y"),)).encode()
    path = compiled(tmp_path / "m_edgetpu.tflite")
    path.write_bytes(path.read_bytes() + archive({"cpu.tflite": inner}))
    made = read_bundle(path, overrides=EMBEDDING)
    found = cpu_model(made, None, tmp_path / "state")
    assert found is not None
    assert found.read_bytes() == inner
    assert made.sha256 in found.name
    assert cpu_model(made, None, tmp_path / "state") == found
