"""Lessons given, taken back, and kept over a restart."""

from collections.abc import Callable

import numpy as np
import pytest

from edge.contracts.arrays import ArraysError, pack, unpack
from edge.contracts.errors import MessageError
from edge.contracts.types import F32
from edge.teaching.settings import TeachingSettings
from edge.teaching.teacher import Teacher
from tests.rigs.groups import blobs

SETTINGS = TeachingSettings(classes=3, examples=6, others=32)
VECTORS, TRUE = blobs(4, 40, seed=1)


def looks(kind: int, count: int = 5, begin: int = 0) -> F32:
    return VECTORS[kind == TRUE][begin : begin + count]


def teacher(*names: str, others: int = 30) -> Teacher:
    """Has been taught these names by five looks of a kind each."""
    made = Teacher(SETTINGS, "m")
    for number in range(others):
        made.seen(f"other {number}", looks(3, 1, number)[0])
    for kind, name in enumerate(names):
        made.teach(name, f"lesson {kind}", looks(kind))
    return made


def called(made: Teacher, kind: int) -> str | None:
    found = made.look(looks(kind, 4, 20))
    return found.name if found else None


def test_nothing_was_taught() -> None:
    made = Teacher(SETTINGS, "m")
    assert (made.report.names, made.look(looks(0)), made.study(), made.changes) == ((), None, False, (0, 0))
    Teacher(SETTINGS, "m").restore(made.state())
    with pytest.raises(MessageError, match="nothing is called 'rex'"):
        made.forget("rex")


def test_a_name_is_known_at_once_tuned_later_and_forgotten() -> None:
    made = teacher("rex", "bob")
    assert [called(made, kind) for kind in range(4)] == ["rex", "bob", None, None]
    assert not made.report.tuned
    version = made.version
    assert made.study()
    assert not made.study()
    assert made.version > version
    assert [called(made, kind) for kind in range(4)] == ["rex", "bob", None, None]
    made.forget("rex")
    assert [called(made, kind) for kind in range(4)] == [None, "bob", None, None]


def test_a_lesson_that_is_given_again_corrects() -> None:
    made = teacher("rex")
    made.teach("bob", "lesson 0", looks(0))
    assert (made.report.names, called(made, 0)) == (("bob",), "bob")


def test_what_is_taught_is_no_other_thing() -> None:
    made = teacher()
    assert made.report.others == 0  # nothing was learnt yet
    made.teach("rex", "other 3", looks(3))
    assert made.report.others == 29
    made.seen("other 3", looks(3)[0])
    made.teach("bob", "lesson", looks(1))
    assert made.report.others == 29


def test_bounds() -> None:
    made = teacher("a", "b", "c")
    with pytest.raises(MessageError, match="3 names are the most"):
        made.teach("d", "lesson", looks(3))
    assert made.report.names == ("a", "b", "c")
    for number in range(5):
        made.teach("a", f"more {number}", looks(0, 5, 5 * number))
    assert made.report.examples[made.report.names.index("a")] == 6


@pytest.mark.parametrize("bad", [np.zeros((0, 32)), np.zeros((2, 32)), np.full((2, 32), np.nan), np.ones((2, 8))])
def test_looks_of_no_use_are_refused(bad: np.ndarray) -> None:
    made = teacher("rex")
    before = made.state()
    with pytest.raises(MessageError, match="of no use"):
        made.teach("bob", "lesson", bad.astype(np.float32))
    if len(bad):
        made.seen("odd", bad[0].astype(np.float32))
    assert made.state() == before


def test_others_that_come_by_are_learnt_from_now_and_then() -> None:
    made = teacher("rex", others=0)
    made.study()
    for number in range(30):
        made.seen(f"late {number}", looks(3, 1, number)[0])
    assert made.report.others == 0
    assert made.study()
    assert made.report.others == 30
    assert not made.study()


def test_all_outlives_a_restart() -> None:
    made, after = teacher("rex", "bob"), Teacher(SETTINGS, "m")
    after.restore(made.state())
    assert (after.state(), after.report) == (made.state(), made.report)
    assert [called(after, kind) for kind in range(4)] == ["rex", "bob", None, None]
    made.forget("rex")
    made.forget("bob")
    after.restore(made.state())
    assert (after.report.names, after.study()) == ((), False)


def respelt(kept: bytes, old: bytes, new: bytes) -> bytes:
    """Packed as it should be, with something else in it."""
    arrays = unpack(kept)
    about = arrays["about"].tobytes()
    assert old in about
    return pack({**arrays, "about": np.frombuffer(about.replace(old, new), np.uint8)})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda kept: kept[:-9],
        lambda kept: kept[:200] + bytes(20) + kept[220:],
        lambda kept: respelt(kept, b'"form": 1', b'"form": 2'),
        lambda kept: respelt(kept, b'"rex"', b'"rex", "cat"'),
        lambda kept: respelt(kept, b'"form": 1', b'"form": 1e999'),
        lambda kept: respelt(kept, b'"seen": 30', b'"seen": {}'),
        lambda kept: respelt(kept, b'"seen": 30', b'"seen": 1e999'),
        lambda kept: respelt(kept, b'"seen": 30', b'"seen": NaN'),
        lambda kept: respelt(kept, b'"seen": 30', b'"seen": -30'),
        lambda kept: respelt(kept, b'"seen": 30', b'"seen": 9999999999999999999999'),
        lambda kept: respelt(kept, b'"seen": 30', b'"seen": ' + b"[" * 100_000),
        lambda kept: respelt(kept, b'"rex"', b'"\\ud800"'),
        lambda kept: respelt(kept, b'"rex"', b'"' + b"r" * 65 + b'"'),
        lambda kept: respelt(kept, b'"names": ["rex"]', b'"names": "r"'),
        lambda kept: pack({**unpack(kept), "about": np.zeros(5 << 20, np.uint8)}),
        lambda kept: pack({**unpack(kept), "vector": np.full((5, 32), 1e38, np.float32)}),
        lambda kept: pack({**unpack(kept), "vector": unpack(kept)["vector"].astype(np.complex64)}),
        lambda kept: pack({**unpack(kept), "label": np.full(5, 2**63, np.uint64)}),
        lambda kept: pack({**unpack(kept), "label": np.full(5, np.inf)}),
        lambda kept: respelt(kept, b'"other 7", ', b""),
        lambda kept: pack({**unpack(kept), "vector": np.full((5, 32), np.nan, np.float32)}),
        lambda kept: pack({**unpack(kept), "label": np.zeros(4, np.int64)}),
        lambda kept: pack({**unpack(kept), "other": np.ones((30, 8), np.float32)}),
        lambda kept: pack({"vector": unpack(kept)["vector"]}),
    ],
)
def test_a_damaged_state_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    made, after = teacher("rex"), teacher("bob")
    before = after.state()
    with pytest.raises(ArraysError):
        after.restore(spoil(made.state()))
    assert after.state() == before


def test_what_another_model_was_taught_is_refused() -> None:
    after = Teacher(SETTINGS, "another")
    with pytest.raises(ArraysError, match="taught to the model 'm', and not to another"):
        after.restore(teacher("rex").state())
    assert after.report.names == ()
