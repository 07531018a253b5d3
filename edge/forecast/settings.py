"""How far ahead is looked, and by what."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

LONGEST_S = 600.0


class ForecastSettings(BaseModel, extra="forbid", frozen=True):
    """How far ahead to look, and how soon to stop trusting a straight line."""

    horizons_s: tuple[float, ...] = Field(
        (0.5, 1.0, 2.0, 3.0), min_length=1, max_length=16, description="seconds ahead, ascending"
    )
    process_noise: float = Field(
        0.15,
        ge=0,
        le=100,
        description="unforeseen change of velocity within one second, one standard deviation, in box sizes per second",
    )
    max_sigma: float = Field(
        0.5, gt=0, le=10, description="limit of the standard deviation of the centre, frame fractions"
    )
    growth_memory_s: float = Field(
        0.5, gt=0, le=3600, description="how long a box goes on growing or shrinking, seconds"
    )
    max_growth: float = Field(
        2.0, ge=1, le=100, description="a forecast box is at most so many times larger or smaller"
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        given = list(self.horizons_s)
        if given != sorted(set(given)) or not 0 < given[0] <= given[-1] <= LONGEST_S:
            raise ValueError(f"horizons_s must be above 0, ascending, at most {LONGEST_S:g}; got {given}")
        return self
