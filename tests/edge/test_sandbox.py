"""A module in a process with limits: how it ended is told, and nothing of it is left."""

import sys
from pathlib import Path

import pytest

from edge.contracts.sandbox import MOST_OUTPUT_BYTES, End, Limits, bare_environment, run_sandboxed
from edge.contracts.sandboxed import NO_MEMORY
from tests.kernel import needs_memory_limits
from tests.rigs.host import wait_until

LIMITS = Limits(wall_s=20, cpu_s=20, memory_mib=512)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that a process of ours can run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "sandboxed_for_a_test.py"


@pytest.mark.parametrize(
    ("source", "limits", "how", "code", "told"),
    [
        ("", LIMITS, End.DONE, 0, "it gave no reason"),
        ("import sys; sys.exit('bad luck')", LIMITS, End.DONE, 1, "bad luck"),
        ("import os; os.abort()", LIMITS, End.CRASHED, -6, "SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", LIMITS, End.CRASHED, -11, "SIGSEGV"),
        ("x = bytearray(1 << 30)", LIMITS, End.LIMITS, 77, "exit code 77"),
        ("import os; os.kill(os.getpid(), 9)", LIMITS, End.LIMITS, -9, "SIGKILL"),
        ("open('/dev/shm/foresight-test', 'wb').write(bytes(3 << 20))", LIMITS, End.DONE, 1, "File too large"),
        ("while True: pass", Limits(20, 1, 512), End.HUNG, -24, "SIGXCPU"),
        ("import time; time.sleep(60)", Limits(1.5, 20, 512), End.HUNG, 0, ""),
        ("print('x' * (2 << 20))", LIMITS, End.LIMITS, 0, "it wrote more than"),
    ],
)
def test_how_it_ended(module: Path, source: str, limits: Limits, how: End, code: int, told: str) -> None:
    if code == NO_MEMORY:
        needs_memory_limits()
    module.write_text(source)
    try:
        ended = run_sandboxed(module.stem, [], limits)
    finally:
        Path("/dev/shm/foresight-test").unlink(missing_ok=True)
    assert ended.how is how
    assert len(ended.output) <= MOST_OUTPUT_BYTES
    if told:
        assert ended.code == code
        assert told in ended.told


def test_what_it_says_comes_back(module: Path) -> None:
    module.write_text("import sys; print(sys.argv[1:], __name__); print('aside\\nINFO: chatter', file=sys.stderr)")
    ended = run_sandboxed(module.stem, ["a", "b c"], LIMITS)
    assert (ended.output, ended.said) == (b"['a', 'b c'] __main__\n", "aside")


def test_it_sees_no_secrets(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESIGHT_MQTT_PASSWORD", "hunter2")
    module.write_text("import os; print(sorted(os.environ))")
    assert b"FORESIGHT" not in run_sandboxed(module.stem, [], LIMITS).output
    assert b"FORESIGHT" in run_sandboxed(module.stem, [], LIMITS, {**bare_environment(), "FORESIGHT_X": "1"}).output


def test_nothing_that_it_started_is_left(module: Path) -> None:
    module.write_text(
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    before = children()
    assert run_sandboxed(module.stem, [], Limits(2, 20, 512)).how is End.HUNG
    assert wait_until(lambda: children() == before)  # what was killed takes a moment to go


def children() -> list[str]:
    """Processes that sleep for a test of ours."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_bytes() if folder.name.isdigit() else b""
        except OSError:
            continue
        if b"time.sleep(60)" in line and sys.executable.encode() in line:
            found.append(folder.name)
    return found


def test_a_module_that_is_not_there_is_told(module: Path) -> None:
    ended = run_sandboxed("no_such_module_at_all", [], LIMITS)
    assert (ended.how, ended.code) == (End.DONE, 1)
    assert "No module named" in ended.told


def test_a_limit_is_never_above_what_there_was(module: Path) -> None:
    module.write_text("import resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0])")
    assert run_sandboxed(module.stem, [], LIMITS).output == b"0\n"
