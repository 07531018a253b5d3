"""The device's wheels on emulated Arm processors: models answer as on x86-64, and tests of the edge pass."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.paths import data
from tests.programs import program
from tests.rigs.arm import running
from tests.rigs.arm.asking import ask_here, asked
from tests.rigs.arm.comparing import Compared, compared
from tests.rigs.arm.models import gather
from tests.rigs.arm.outputs import Golden, Kind
from tests.rigs.arm.running import CPUS, Guest, guest
from tests.rigs.arm.suite import run_suite

pytestmark = [pytest.mark.long, pytest.mark.system]
MODELS = "models"
CONTROLS = ("ad01_int8", "mobilenet_v1_0.25_224_1_metadata_1")
NEAREST = ["tests/edge/test_runtime.py", "tests/edge/test_runtime_trainable.py", "tests/edge/test_canary.py"]
NEAREST_S = 7200.0


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """The guest, with the models in its `out`."""
    data("models")
    program("mmdebstrap")
    program("unshare", "util-linux")
    if reason := running.absent():
        pytest.skip(reason)
    out = tmp_path_factory.mktemp("arm")
    gather(out / MODELS)
    with guest(out) as made:
        yield made


@pytest.fixture(scope="module")
def here(arm: Guest) -> Path:
    """What this machine answers."""
    return ask_here(arm.out / MODELS, arm.out / "here.npz")


@pytest.fixture(scope="module")
def few(arm: Guest) -> str:
    """A folder with an int8 and a float model only."""
    folder = arm.out / "few"
    folder.mkdir()
    for file in ("picture.npy", *(f"{name}.tflite" for name in CONTROLS)):
        shutil.copyfile(arm.out / MODELS / file, folder / file)
    return folder.name


@pytest.mark.parametrize("cpu", CPUS)
def test_int8_models_answer_bit_for_bit_and_others_nearly(arm: Guest, here: Path, cpu: str) -> None:
    found = compared(here, asked(arm, cpu, MODELS))
    assert [one for one in found if not one.good] == []
    assert {one.kind for one in found} == set(Kind)
    assert any(one.learns for one in found)
    assert {one.name for one in found if one.golden is Golden.HELD} >= {"shipped_demo", "shipped_forecast"}


def test_a_changed_weight_is_seen(arm: Guest, few: str) -> None:
    ours = ask_here(arm.out / few, arm.out / "few.npz")
    spoiled = shutil.copytree(arm.out / few, arm.out / "spoiled")
    for name in CONTROLS:
        path = spoiled / f"{name}.tflite"
        content = np.fromfile(path, np.uint8)
        content[content.size // 2 :][:1024] ^= 0x40  # amid the weights
        content.tofile(path)
    assert told(compared(ours, asked(arm, CPUS[0], few))) == dict.fromkeys(CONTROLS, True)
    assert told(compared(ours, asked(arm, CPUS[0], spoiled.name))) == dict.fromkeys(CONTROLS, False)


def test_an_absent_delegate_is_seen(arm: Guest, few: str, tmp_path: Path) -> None:
    """Without the kernel's tree of processors XNNPACK is left out, with exit status 0 and other answers."""
    ours = ask_here(arm.out / few, arm.out / "few.npz")
    blind = replace(arm, hidden=(f"{tmp_path}=/sys",))
    found = compared(ours, asked(blind, CPUS[0], few))
    assert [one.delegates[1] for one in found] == [0] * len(CONTROLS)
    assert told(found) == dict.fromkeys(CONTROLS, False)


@pytest.mark.parametrize("cpu", CPUS)
def test_what_runs_models_passes_its_tests(arm: Guest, cpu: str) -> None:
    """The files nearest to the runtime; `python -m tests.bench arm` runs them all, for hours."""
    done = run_suite(arm, cpu, NEAREST, f"nearest-{cpu}.jsonl", NEAREST_S)
    assert {name: done.outcomes[name].why for name in done.names("failed")} == {}
    assert [file for file in NEAREST if not done.closed(file)] == []
    assert len(done.names("passed")) > 60


def told(found: list[Compared]) -> dict[str, bool]:
    return {one.name: one.good for one in found}
