"""What an operator may set about the forecast of a sensor."""

from typing import Annotated

from pydantic import BaseModel, Field, field_validator

SHORTEST_S = 1e-3  # of the grid
Seconds = Annotated[float, Field(gt=0, le=31_622_400)]


class SeriesSettings(BaseModel, extra="forbid", frozen=True):
    """How far ahead a sensor is forecast, and how its forecast learns."""

    horizons_s: tuple[Seconds, ...] = Field(
        (), max_length=512, description="how far ahead, seconds; empty: 1, 4 and 12 steps of the grid"
    )
    step_s: float = Field(
        0.0,
        ge=0,
        le=604_800,
        description="grid to which readings are brought, seconds; 0: as they come, or the model's",
    )
    gap_steps: int = Field(30, ge=1, le=10_000, description="a longer silence begins anew, steps of the grid")
    learn: bool = Field(True, description="learn on-line; off: only the model, or damped persistence, forecasts")
    memory_steps: int = Field(2000, ge=100, le=1_000_000, description="how long what was read counts, steps")
    judge_steps: int = Field(
        300, ge=20, le=100_000, description="how long the errors that choose who serves count, steps"
    )
    neurons: int = Field(40, ge=4, le=128, description="size of the fixed recurrent network where no model is named")
    cycles_s: tuple[Seconds, ...] = Field(
        (86_400.0,), max_length=4, description="times after which the surroundings repeat: day, shift, ..., seconds"
    )
    ridge: float = Field(1.0, gt=0, le=1e6, description="how strongly learning is held to what needs no learning")
    seed: int = Field(1, ge=0, description="of the fixed recurrent network")

    @field_validator("step_s")
    @classmethod
    def _steps(cls, step_s: float) -> float:
        if 0 < step_s < SHORTEST_S:
            raise ValueError(f"must be 0 or at least {SHORTEST_S:g}, is {step_s:g}")
        return step_s
