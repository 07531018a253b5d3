"""Thresholds on the scale of another detector."""

import pytest

from edge.tracking import TrackingSettings


@pytest.mark.parametrize("trusted", [0.2, 0.4, 0.6, 0.9])
def test_what_the_detector_trusts_is_matched_first(trusted: float) -> None:
    moved = TrackingSettings().trusting(trusted)
    assert moved.high_score == pytest.approx(trusted)
    assert moved.low_score < moved.high_score < moved.birth_score < moved.sure_score < 1


def test_the_detector_that_the_settings_are_for_changes_nothing() -> None:
    settings = TrackingSettings()
    assert settings.trusting(settings.high_score).model_dump() == pytest.approx(settings.model_dump())
