"""An A/B image in QEMU: it boots into the running daemon, updates itself, refuses what was changed, leaves what is
sick.

The firmware of the board is a stand-in (`tests/rigs/board/firmware.py`); kernel, systemd, RAUC, the daemon, the broker,
certificates and signed releases are real.
"""

from pathlib import Path

import pytest

from edge.contracts.update_state import Phase
from edge.updates.trust.refusal import Reason
from tests.rigs.board.image import made_card
from tests.rigs.board.story import BLIND_TRIALS, CRASHING_TRIALS, Story, on_pi3, told

pytestmark = [pytest.mark.long, pytest.mark.system]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return told(made_card(), tmp_path_factory.mktemp("story"))


def test_it_boots_to_events_and_forecasts(story: Story) -> None:
    assert story.seconds_to_event > 0


def test_an_update_is_tried_once_and_kept(story: Story) -> None:
    good = story.good
    assert (good.progress.phase, good.slot, good.trials, good.running) == (Phase.GOOD, "B", ("B",), "2")


def test_a_changed_payload_is_refused(story: Story) -> None:
    changed = story.tampered
    assert (changed.progress.phase, changed.progress.reason) == (Phase.REFUSED, Reason.UNFIT)
    assert (changed.slot, changed.trials, changed.running) == ("B", (), "2")


def test_a_daemon_that_crashes_is_left(story: Story) -> None:
    sick = story.crashing
    assert (sick.progress.phase, sick.progress.reason) == (Phase.RETURNED, Reason.SICK)
    assert (sick.slot, sick.trials, sick.running) == ("B", CRASHING_TRIALS, "2")


def test_a_daemon_that_sees_nothing_is_left(story: Story) -> None:
    sick = story.blind
    assert (sick.progress.phase, sick.progress.reason) == (Phase.RETURNED, Reason.SICK)
    assert (sick.slot, sick.trials, sick.running) == ("B", BLIND_TRIALS, "2")


def test_a_raspberry_pi_3_boots_to_events_and_forecasts(tmp_path: Path) -> None:
    assert on_pi3(made_card(), tmp_path) > 0
