"""How far ahead is looked, and by what."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

LONGEST_S = 600.0
SHIPPED, NO_MODEL = "shipped", "none"


class GuardSettings(BaseModel, extra="forbid", frozen=True):
    """When a forecaster that was learnt is trusted: only where it has proven to be better than the straight line."""

    margin: float = Field(
        0.03, ge=0, lt=1, description="share by which its error must be smaller before it serves; it must stay smaller"
    )
    samples: int = Field(200, ge=10, le=100_000, description="comparisons at a horizon before that horizon counts")
    memory: int = Field(1000, ge=50, le=1_000_000, description="newest comparisons that the scores are about")
    every_s: float = Field(0.5, gt=0, le=600, description="how often forecasts are kept to be compared, seconds")
    share: float = Field(
        0.02, gt=0, le=1, description="of one core that the model may take while it does not serve yet"
    )

    @model_validator(mode="after")
    def _remembers_enough(self) -> Self:
        if self.memory < 2 * self.samples:
            raise ValueError(f"memory ({self.memory}) must be at least twice samples ({self.samples})")
        return self


class ForecastSettings(BaseModel, extra="forbid", frozen=True):
    """How far ahead to look, by which model, and how soon to stop trusting a straight line."""

    horizons_s: tuple[float, ...] = Field(
        (0.5, 1.0, 2.0, 3.0), min_length=1, max_length=16, description="seconds ahead, ascending"
    )
    model: str = Field(
        SHIPPED,
        min_length=1,
        description="A trajectory model's .tflite file; shipped: the one that comes along, if it knows these horizons; "
        "none: straight lines only",
    )
    guard: GuardSettings = Field(GuardSettings(), description="When the model is trusted")
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
