"""An observer that holds what was found against the exact truth of the rendered street."""

import numpy as np

from edge.capture import Camera
from edge.demo.score import Moment, forecast_errors, score
from edge.demo.source import StreetSource
from edge.observer import Observer
from edge.pipeline import Followed

LEAST_IOU = 0.3  # boxes of blobs take in shadows and neighbours
LEAST_VISIBLE = 0.5
WARM_UP_S = 2.0  # the motion detector has to see the scene first


class Judge(Observer):
    """Keeps every moment of the show; a street of half a minute is a few hundred."""

    def __init__(self, street: StreetSource) -> None:
        self._street = street
        self._moments: list[Moment] = []

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Remember what was found and what was there."""
        frame = followed.sensed.frame
        truth = self._street.truth(frame.seq)
        self._moments.append(Moment(frame.t_s, truth, followed.tracks, followed.forecasts))

    def verdict(self) -> str:
        """The score in words."""
        first_s = self._moments[0].t_s if self._moments else 0.0
        judged = [moment for moment in self._moments if moment.t_s >= first_s + WARM_UP_S]
        if not judged:
            return "Too short to be scored against the truth."
        found = score(judged, LEAST_IOU, LEAST_VISIBLE)
        horizons, errors = judged[0].forecasts.horizon_s.tolist(), forecast_errors(judged, LEAST_IOU).tolist()
        told = [(k, error) for k, error in zip(horizons, errors, strict=True) if np.isfinite(error)]
        ahead = ", ".join(f"{error:.2f} in {horizon:g} s" for horizon, error in told)
        return (
            f"Against the exact truth of the street: {found.recall:.0%} of what could be seen was tracked, "
            f"{found.precision:.0%} of the tracks were right (IoU {LEAST_IOU:g}), {found.switches} identity switches; "
            f"forecasts missed by {ahead or 'an unknown amount'} (box heights)."
        )
