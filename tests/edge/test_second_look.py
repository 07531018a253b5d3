"""What was seen once and not surely is looked at again with the very next frame, whatever the gate says."""

import numpy as np
import pytest

from edge.activity.gate import ActivityGate
from edge.activity.settings import ActivitySettings
from edge.attention import Attention, AttentionSettings, LookSettings
from edge.contracts.types import F32, Detections, Frame
from edge.events.log import EventLog
from edge.events.settings import EventSettings
from edge.health import StageClock
from edge.pipeline import Chain, Intake, NoClassifier, Steps
from edge.tracking import Tracker, TrackingSettings
from tests.rigs.forecasts import straight_ahead
from tests.rigs.scenes import knobs

SETTINGS = TrackingSettings(birth_score=0.7, sure_score=0.8)
BOX: F32 = np.array([[0.4, 0.4, 0.5, 0.7]], np.float32)


def found(score: float) -> Detections:
    if score == 0:
        return Detections.empty()
    return Detections(BOX, np.full(1, score, np.float32), np.zeros(1, np.int64))


class Fixed:
    """A detector that finds the same in every picture, with the scores it is given; then nothing."""

    labels: tuple[str, ...] = ("thing",)

    def __init__(self, *scores: float) -> None:
        self.looks: list[int] = []
        self._scores = scores

    def detect(self, frame: Frame, look: F32) -> Detections:
        self.looks.append(frame.seq)
        return found(self._scores[len(self.looks) - 1] if len(self.looks) <= len(self._scores) else 0)


@pytest.mark.parametrize(
    ("scores", "undecided"),
    [
        ((), False),
        ((0,), False),
        ((0.5,), False),
        ((0.75,), True),
        ((0.75, 0.75), False),
        ((0.75, 0), False),
        ((0.9,), False),
        ((0.9, 0), True),
        ((0.9, 0, 0, 0, 0), False),
    ],
)
def test_a_tracker_says_whether_a_second_look_is_wanted(scores: tuple[float, ...], undecided: bool) -> None:
    tracker = Tracker(SETTINGS, 16 / 9)
    for number, score in enumerate(scores):
        tracker.step(found(score), float(number))
    assert tracker.undecided == undecided


@pytest.mark.parametrize(
    ("scores", "looks", "told"),
    [((0,), [0], [0, 0]), ((0.75, 0.75), [0, 1], [0, 1]), ((0.75, 0), [0, 1], [0, 0]), ((0.9,), [0], [1, 1])],
)
def test_a_still_scene_is_looked_at_a_second_time_only_to_decide(
    scores: tuple[float, ...], looks: list[int], told: list[int]
) -> None:
    detector = Fixed(*scores)
    forecaster, board = straight_ahead()
    steps = Steps(
        detector=detector,
        tracker=lambda aspect: Tracker(SETTINGS, aspect),
        attention=Attention(AttentionSettings()),
        classifier=NoClassifier(),
        forecaster=forecaster,
        scores=board,
        log=EventLog("cam", detector.labels, EventSettings(), [], []),
        crops=False,
    )
    chain, sense = (
        Chain(steps, LookSettings(), knobs(), StageClock()),
        Intake(ActivityGate(ActivitySettings(), None), StageClock()),
    )
    pixels = np.full((90, 160, 3), 100, np.uint8)
    followed = [chain.step(sense.step(Frame("cam", k, k / 10, 0, pixels))) for k in range(20)]
    assert detector.looks == looks
    assert [len(one.tracks) for one in followed[:2]] == told
