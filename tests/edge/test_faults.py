"""What a child of the canary prints is what its parent reads."""

import pytest

from edge.contracts.errors import ModelError
from edge.contracts.flatbuffer import MalformedError
from edge.runtime.faults import Fault, FaultError, parse_answer, print_answer


def printed(capfd: pytest.CaptureFixture[str], error: Exception | None) -> bytes:
    """What the child prints that finds "a", or this error."""

    def work() -> str:
        if error:
            raise error
        return "a"

    print_answer(work)
    return capfd.readouterr().out.encode()


def test_what_was_found_comes_back(capfd: pytest.CaptureFixture[str]) -> None:
    output = printed(capfd, None)
    assert parse_answer(output) == "a"
    assert parse_answer(b"a library says something first\n" + output) == "a"


def damaged() -> ModelError:
    error = ModelError("x is damaged")
    error.__cause__ = MalformedError("odd")
    return error


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (FaultError(Fault.GOLDEN, "x differs"), Fault.GOLDEN),
        (ModelError("x does not load"), Fault.UNFIT),
        (damaged(), Fault.MALFORMED),
    ],
)
def test_what_was_wrong_comes_back(capfd: pytest.CaptureFixture[str], error: ModelError, fault: Fault) -> None:
    output = printed(capfd, error)
    with pytest.raises(FaultError, match=str(error)) as caught:
        parse_answer(output)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    "output",
    [
        b"",
        b"\n",
        b"Hello",
        b"[]",
        b'{"fault": ""}',
        b'{"fault": 1, "detail": ""}',
        b'{"fault": "odd", "detail": ""}',
        b'{"a": ' + b"[" * 50_000,
        b"\xff",
    ],
)
def test_no_answer_is_no_pass(output: bytes) -> None:
    with pytest.raises(MalformedError):
        parse_answer(output)
