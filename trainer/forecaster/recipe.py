"""All settings of a trajectory model that is learnt from recorded tracks."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from edge.contracts.windows import TrackWindow
from trainer.forecaster.settings import ForecasterRecipe

LONGEST_S = 600.0


class WindowSettings(BaseModel, extra="forbid", frozen=True):
    """What the network looks at and answers."""

    samples: int = Field(12, ge=3, le=64, description="positions of each track")
    step_s: float = Field(0.2, gt=0, le=10, description="seconds between them")
    horizons_s: tuple[float, ...] = Field(
        (0.5, 1.0, 2.0, 3.0), min_length=1, max_length=32, description="seconds ahead; those of the daemon's forecasts"
    )
    modes: int = Field(3, ge=1, le=16, description="paths that it may think of at once")
    neighbours: int = Field(0, ge=0, le=32, description="nearest others that it looks at")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        given = list(self.horizons_s)
        if given != sorted(set(given)) or not 0 < given[0] <= given[-1] <= LONGEST_S:
            raise ValueError(f"horizons_s must be above 0, ascending, at most {LONGEST_S:g}; got {given}")
        return self

    def window(self, labels: tuple[str, ...]) -> TrackWindow:
        """As the model's file says it."""
        return TrackWindow(32, self.samples, self.step_s, self.horizons_s, self.modes, labels, self.neighbours)


class ScenesSettings(BaseModel, extra="forbid", frozen=True):
    """How recorded scenes are watched to learn from them; those that judge are watched as they are."""

    every_s: float = Field(0.4, gt=0, le=60, description="seconds between two looks into the future")
    most_fps: float = Field(
        5.0, gt=0, le=120, description="of the second time that they are watched, by a worse detector"
    )
    jitter: float = Field(0.02, ge=0, le=0.5, description="1 sd of that detector's box edges, in box heights")
    missed: float = Field(0.05, ge=0, le=0.9, description="share of the boxes that it does not see")
    moved: float = Field(0.4, ge=0, le=1, description="share of the scenes also seen by a camera that moves")
    moved_weight: float = Field(0.3, ge=0, le=1, description="how much a window of those counts")
    turning_weight: int = Field(6, ge=1, le=100, description="how often a window of somebody who turns is shown")


class PathRecipe(ForecasterRecipe):
    """All of it."""

    window: WindowSettings = WindowSettings()
    scenes: ScenesSettings = ScenesSettings()
