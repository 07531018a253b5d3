"""An observer that holds what was found against the exact truth of the rendered street."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from edge.capture import Camera
from edge.demo.score import Moment, forecast_errors, right_kind, score
from edge.demo.truth import Truth
from edge.observer import Observer
from edge.pipeline import Followed

LEAST_IOU = 0.5  # from which a track is on an object, for a model
LEAST_IOU_OF_BLOBS = 0.3  # boxes of what moves take in shadows and neighbours
LEAST_VISIBLE = 0.5
WARM_UP_S = 2.0  # the motion detector has to see the scene first


class Truths(Protocol):
    """Knows what is really in each picture."""

    def truth(self, seq: int) -> Truth:
        """What is in the picture numbered `seq`; asked once."""


class Judge(Observer):
    """Keeps every moment of the show; a street of half a minute is a few hundred.

    Args:
        truths: what is in the pictures.
        model: whether a model finds the objects; what moves has no kind, and loose boxes.
    """

    def __init__(self, truths: Truths, *, model: bool) -> None:
        self._truths, self._model = truths, model
        self._least_iou = LEAST_IOU if model else LEAST_IOU_OF_BLOBS
        self._labels: Sequence[str] = ()
        self._moments: list[Moment] = []

    def seen(self, camera: Camera, followed: Followed) -> None:
        """Remember what was found and what was there."""
        frame = followed.sensed.frame
        truth = self._truths.truth(frame.seq)
        self._labels = camera.chain.labels
        self._moments.append(Moment(frame.t_s, truth, followed.tracks, followed.forecasts))

    def verdict(self) -> str:
        """The score in words."""
        first_s = self._moments[0].t_s if self._moments else 0.0
        judged = [moment for moment in self._moments if moment.t_s >= first_s + WARM_UP_S]
        if not judged:
            return "Too short to be scored against the truth."
        found = score(judged, self._least_iou, LEAST_VISIBLE)
        horizons, errors = judged[0].forecasts.horizon_s.tolist(), forecast_errors(judged, self._least_iou).tolist()
        told = [(k, error) for k, error in zip(horizons, errors, strict=True) if np.isfinite(error)]
        ahead = ", ".join(f"{error:.2f} in {horizon:g} s" for horizon, error in told)
        return (
            f"Against the exact truth of the street: {found.recall:.0%} of what could be seen was tracked, "
            f"{found.precision:.0%} of the tracks were right (IoU {self._least_iou:g}){self._kinds(judged)}, "
            f"{found.switches} identity switches (MOTA {found.mota:.2f}); "
            f"forecasts missed by {ahead or 'an unknown amount'} (box heights)."
        )

    def _kinds(self, judged: Sequence[Moment]) -> str:
        """How many are called what they are, for a model that knows kinds."""
        if not self._model:
            return ""
        return f", {right_kind(judged, self._least_iou, self._labels):.0%} of these of the right kind"
