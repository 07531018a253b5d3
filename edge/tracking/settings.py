"""How the tracker behaves. Times are seconds and lengths are box heights, so one setting serves every frame rate."""

import math
from typing import Self

from pydantic import BaseModel, Field, model_validator


class TrackingSettings(BaseModel, extra="forbid", frozen=True):
    """Settings of one camera's tracker."""

    high_score: float = Field(0.6, description="detections from here on are matched first", gt=0, lt=1)
    low_score: float = Field(0.02, description="weaker detections are not used at all", ge=0, le=1)
    birth_score: float = Field(0.67, description="an unmatched detection from here on starts a track", ge=0, le=1)
    sure_score: float = Field(0.8, description="a track starting from here on needs no second look", ge=0, le=1)
    coast_s: float = Field(1.5, description="how long an unseen object is kept, to be found again", ge=0, le=60)
    reach: float = Field(0.25, description="how far a box may miss its forecast, in box sizes", ge=0, le=2)
    acceleration: float = Field(0.6, description="how briskly objects change speed, heights/s^1.5", gt=0, le=100)
    jitter: float = Field(0.05, description="1 sd of a detector's box edges, in box heights", gt=0, le=1)
    camera_moves: bool = Field(True, description="follow the camera's own motion by the shift that all boxes share")
    history: int = Field(16, description="past boxes of a track, spread over some seconds", ge=1, le=256)

    @model_validator(mode="after")
    def _scores_ascend(self) -> Self:
        """An object born of a detection too weak for the first round could never be seen a second time."""
        if not self.low_score <= self.high_score <= self.birth_score <= self.sure_score:
            raise ValueError(
                f"scores must not fall from low_score ({self.low_score}) over high_score ({self.high_score}) and "
                f"birth_score ({self.birth_score}) to sure_score ({self.sure_score})"
            )
        return self

    def trusting(self, trusted_score: float) -> Self:
        """The same for a detector whose score for "as likely right as wrong" is `trusted_score` (0..1, exclusive).

        Detectors rank their findings much alike, but each on its own scale. The settings above are on that of a
        detector whose `trusted_score` equals `high_score`; a power of them is on the other's, 0 and 1 staying.
        """
        power = math.log(trusted_score) / math.log(self.high_score)
        scores = {
            name: getattr(self, name) ** power for name in ("high_score", "low_score", "birth_score", "sure_score")
        }
        return self.model_copy(update=scores)
