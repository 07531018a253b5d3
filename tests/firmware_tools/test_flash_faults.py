"""Block devices that fail while they are flashed: no fault goes unseen, none is seen where there is none."""

import itertools

import pytest

from tests.rigs.flashing.series import FAULTS, Outcome, outcomes
from tests.rigs.nbd.serving import need_block_devices

pytestmark = pytest.mark.system


def unseen(outcome: Outcome) -> bool:
    """A fault that did not happen proves nothing, so it counts as one that was not seen."""
    return outcome.times == 0 or not outcome.card_error or outcome.boots


def false_alarm(outcome: Outcome) -> bool:
    return bool(outcome.error) or not outcome.right


def test_each_sort_of_fault_is_seen() -> None:
    need_block_devices()
    assert [outcome for outcome in outcomes(list(FAULTS), seed=11) if unseen(outcome)] == []


def test_flashing_a_good_card_is_no_fault() -> None:
    need_block_devices()
    assert [outcome for outcome in outcomes([""] * 7, seed=12) if false_alarm(outcome)] == []


@pytest.mark.long
def test_200_faults_are_seen() -> None:
    need_block_devices()
    names = list(itertools.islice(itertools.cycle(FAULTS), 200))
    assert [outcome for outcome in outcomes(names, seed=13) if unseen(outcome)] == []


@pytest.mark.long
def test_50_good_cards_are_no_faults() -> None:
    need_block_devices()
    assert [outcome for outcome in outcomes([""] * 50, seed=14) if false_alarm(outcome)] == []
