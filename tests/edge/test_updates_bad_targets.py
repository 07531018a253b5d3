"""Bad targets of every kind through the chain of a device: none serves, each is refused for what is wrong with it."""

from pathlib import Path

import pytest

from tests.kernel import memory_is_limited
from tests.rigs.updating.bad_models import ENDLESS
from tests.rigs.updating.bad_targets import KINDS, Outcome, Range, plan

SLOW = {*ENDLESS, "unknown settings", "another task", "golden sample: other answers", "foreign operator"}
SAMPLE = [kind for kind in KINDS if kind not in SLOW]  # the benchmark and the tests of the canary have the others


def test_bad_targets_are_refused_and_good_ones_serve(tmp_path: Path) -> None:
    range_ = Range(tmp_path, 11)
    assert [one for one in range_.controls() if not one.installed] == []
    kinds = SAMPLE if memory_is_limited() else sorted({*SAMPLE} - {"eats memory"})
    outcomes = list(range_.attacked(kinds))
    assert [one for one in outcomes if not one.right] == []
    assert sorted(one.kind for one in outcomes) == sorted(kinds)


@pytest.mark.parametrize(
    ("outcome", "right"),
    [
        (Outcome("k", ("freeze",), "freeze", "it is old", installed=False), True),
        (Outcome("k", ("freeze",), "freeze", "it is old", installed=True), False),
        (Outcome("k", ("freeze",), "rollback", "it is old", installed=False), False),
        (Outcome("k", ("freeze",), "freeze", "", installed=False), False),
        (Outcome("k", ("freeze",), "freeze", "the password is hunter2-of-this-device", installed=False), False),
    ],
)
def test_what_counts_as_refused(outcome: Outcome, right: bool) -> None:
    assert outcome.right is right


def test_a_plan_has_every_kind_and_few_of_those_that_take_long() -> None:
    assert plan(0) == []
    assert plan(len(KINDS)) == list(KINDS)
    many = plan(1000)
    assert len(many) == 1000
    assert {kind: many.count(kind) for kind in ENDLESS} == dict.fromkeys(ENDLESS, 4)
    assert min(many.count(kind) for kind in KINDS if kind not in ENDLESS) >= 8
