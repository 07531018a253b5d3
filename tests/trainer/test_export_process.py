"""Programs that fail, crash, hang or talk too much become an error in words."""

import sys

import pytest

from trainer.errors import TrainError
from trainer.export.process import MAX_OUTPUT_BYTES, run

LONG_S = 300.0


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.mark.parametrize(
    ("code", "printed"),
    [("", ""), ("print('done')", "done\n"), ("import sys; sys.stderr.write('x' * 300_000)", "")],
)
def test_what_ends_well(code: str, printed: str) -> None:
    assert run(python(code), "the work", LONG_S) == printed


def test_only_the_end_of_endless_talk_is_kept() -> None:
    printed = run(python(f"print('x' * {2 * MAX_OUTPUT_BYTES}); print('end')"), "the work", LONG_S)
    assert len(printed) == MAX_OUTPUT_BYTES
    assert printed.endswith("x\nend\n")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; print('the reason', file=sys.stderr); sys.exit(3)", "the work failed: the reason"),
        ("raise OSError(28, 'No space left on device')", r"the work failed: .*No space left on device"),
        ("print('Aborting!'); raise SystemExit(1)", "the work failed: Aborting!"),
        (
            "import sys; sys.exit('WARNING: All log messages\\nI0000 00:00:1 port.cc\\nthe disk is full; free some')",
            "the work failed: the disk is full; free some",
        ),
        ("raise SystemExit(1)", "the work failed: it gave no reason"),
        ("import os; os.abort()", r"the work crashed \(SIGABRT\)"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", r"the work crashed \(SIGSEGV\)"),
    ],
)
def test_what_ends_badly(code: str, words: str) -> None:
    with pytest.raises(TrainError, match=words):
        run(python(code), "the work", LONG_S)


@pytest.mark.parametrize("code", ["import signal; signal.pause()", "while True: print('working')"])
def test_what_does_not_end_is_stopped(code: str) -> None:
    with pytest.raises(TrainError, match=r"the work did not end within 0.5 s and was stopped"):
        run(python(code), "the work", 0.5)


def test_what_is_not_there() -> None:
    with pytest.raises(TrainError, match="the work could not be started"):
        run(("/nowhere/at/all",), "the work", LONG_S)
