"""What may be set about footage and the cleaning of its labels."""

import math
from typing import Self

from pydantic import BaseModel, Field, model_validator


class FootageSettings(BaseModel, extra="forbid", frozen=True):
    """How clips are read and divided. Times are seconds of the clip."""

    look_fps: float = Field(
        10.0, gt=0, le=120, description="frames a second that the teacher looks at, to follow things"
    )
    picture_fps: float = Field(5.0, gt=0, le=120, description="rate at which the pictures of a folder were taken")
    longest_s: float = Field(3600.0, gt=0, description="no clip is read beyond this")
    keep_s: float = Field(0.5, ge=0, le=3600, description="pictures of the data set are at least this far apart")
    changed_share: float = Field(
        0.002, ge=0, le=1, description="a frame in which a smaller share of the picture changed is not taken"
    )
    still_s: float = Field(30.0, gt=0, description="but one is taken at least this often, to show the empty scene")
    held_out_share: float = Field(0.25, gt=0, lt=1, description="last share of each clip that is only reported on")
    gap_s: float = Field(3.0, ge=0, le=600, description="left out before that, so that no moment is in both")
    longest_gap_s: float = Field(60.0, ge=0, le=3600, description="most that is left out while an object is in both")


class CleaningSettings(BaseModel, extra="forbid", frozen=True):
    """How detections become labels. Scores are those of a teacher whose `trusted_score` this is, times are seconds."""

    trusted_score: float = Field(
        0.6, gt=0, lt=1, description="score at which the teacher is as often right as wrong (SSD 0.4, YOLOX 0.6)"
    )
    start_score: float = Field(0.3, gt=0, lt=1, description="a track starts at a detection of this score, not below")
    keep_support: float = Field(0.65, gt=0, lt=1, description="what its track supports this much becomes a label")
    unsure_support: float = Field(0.15, gt=0, lt=1, description="what it supports less is background")
    vote_s: float = Field(0.5, gt=0, le=60, description="how far in time the scores of a track support each other")
    least_s: float = Field(0.3, ge=0, le=60, description="a track shorter than this is no label, at best ignored")
    fill_s: float = Field(0.7, ge=0, le=10, description="gaps of a track up to this long are filled")
    hidden_share: float = Field(
        0.6, gt=0, le=1, description="a filled box of which another in front covers this share is ignored"
    )
    smooth_s: float = Field(0.2, ge=0, le=2, description="boxes are smoothed over this long to both sides; 0: never")

    @model_validator(mode="after")
    def _support_ascends(self) -> Self:
        if self.unsure_support > self.keep_support:
            raise ValueError(
                f"unsure_support ({self.unsure_support}) must not be above keep_support ({self.keep_support})"
            )
        return self

    def trusting(self, trusted_score: float) -> Self:
        """The same for a teacher of another scale of scores, as `edge.tracking.TrackingSettings.trusting` has it."""
        power = math.log(trusted_score) / math.log(self.trusted_score)
        names = ("start_score", "keep_support", "unsure_support")
        scores = {name: getattr(self, name) ** power for name in names}
        return self.model_copy(update={"trusted_score": trusted_score, **scores})
