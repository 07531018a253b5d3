"""What a recipe may set about an auto-encoder of series."""

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from trainer.series.settings import LONGEST_STEP_S, MOST_UNROLLED, SeriesTraining


class AutoencoderNetwork(BaseModel, extra="forbid", frozen=True):
    """What the network sees, and how narrow it is."""

    samples: int = Field(32, ge=1, le=4096, description="values of a window, steps of the grid; 1: rows by themselves")
    kind: Literal["dense", "recurrent"] = Field("dense", description="layers: dense, or GRUs on both sides")
    units: int = Field(64, ge=4, le=1024, description="size of the layers on both sides")
    embedding: int = Field(8, ge=1, le=512, description="numbers that a window is squeezed into")
    segment: int = Field(2, ge=1, le=512, description="samples that a recurrent layer takes at a time")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        whole = self.samples % self.segment == 0 and self.samples // self.segment <= MOST_UNROLLED
        if self.kind == "recurrent" and not whole:
            raise ValueError(
                f"samples {self.samples} must be a multiple of segment {self.segment}, at most {MOST_UNROLLED} of them"
            )
        return self


class AutoencoderRecipe(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    step_s: float = Field(
        0.0, ge=0, le=LONGEST_STEP_S, description="grid to which readings are brought, seconds; 0: as they mostly come"
    )
    quantile: float = Field(
        0.99, gt=0.5, lt=1, description="share of usual windows that are to stay below the threshold"
    )
    network: AutoencoderNetwork = AutoencoderNetwork()
    training: SeriesTraining = SeriesTraining()

    def words(self) -> str:
        """The settings that matter most, in a line."""
        net, how = self.network, self.training
        return (
            f"{net.kind}, {net.samples} steps of {self.step_s:g} s squeezed into {net.embedding} numbers; {how.steps} "
            f"batches of {how.batch}, rate {how.rate:g}"
        )
