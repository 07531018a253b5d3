"""What a recipe may set about a forecaster of series. What it leaves out is picked to suit the data."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from edge.contracts.windows import MOST_HORIZONS
from trainer.training.schedule import Schedule
from trainer.training.settings import Averaging, Batch, Decay, LearningSettings, Rate
from trainer.training.settings import Steps as Batches

LONGEST_STEP_S = 1e9
MOST_UNROLLED = 64  # steps of a recurrent layer: each is written out in the model file
MOST_STEPS = 4096  # that are looked back or ahead
Steps = Annotated[int, Field(ge=1, le=MOST_STEPS)]


class SeriesNetwork(BaseModel, extra="forbid", frozen=True):
    """What the network sees, and its size."""

    samples: int = Field(96, ge=4, le=4096, description="how far back it sees, steps of the grid")
    horizons: tuple[Steps, ...] = Field(
        (1, 4, 12), min_length=1, max_length=MOST_HORIZONS, description="how far ahead it looks, steps, ascending"
    )
    cell: Literal["gru", "lstm"] = Field("gru", description="kind of recurrent layer")
    units: int = Field(32, ge=4, le=512, description="size of its state")
    segment: int = Field(4, ge=1, le=512, description="samples that the recurrent layer takes at a time")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of the state left out in training")
    linear: bool = Field(True, description="add a linear map of the window, as DLinear has it")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if list(self.horizons) != sorted(set(self.horizons)):
            raise ValueError("horizons must ascend")
        if self.samples % self.segment or self.samples // self.segment > MOST_UNROLLED:
            raise ValueError(
                f"samples {self.samples} must be a multiple of segment {self.segment}, at most {MOST_UNROLLED} of them"
            )
        return self


class SeriesTraining(LearningSettings, extra="forbid", frozen=True):
    """How a network of series learns."""

    steps: Batches = 1500
    batch: Batch = 32
    rate: Rate = 1e-3
    decay: Decay = 0.01
    averaging: Averaging = 0.99
    validations: int = Field(20, ge=1, le=1000, description="times at which the best weights are looked for")
    patience: int = Field(6, ge=0, description="validations without gain until it stops; 0: it goes to the end")

    def plan(self) -> Schedule:
        """As the training loop takes it."""
        return self.schedule(max(1, self.steps // self.validations), self.patience)


class SeriesRecipe(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    step_s: float = Field(
        0.0, ge=0, le=LONGEST_STEP_S, description="grid to which readings are brought, seconds; 0: as they mostly come"
    )
    season_steps: int = Field(0, ge=0, le=4096, description="after which the naive forecast repeats; 0: found")
    network: SeriesNetwork = SeriesNetwork()
    training: SeriesTraining = SeriesTraining()

    def words(self) -> str:
        """The settings that matter most, in a line."""
        net, how = self.network, self.training
        return (
            f"{net.cell} of {net.units}, sees {net.samples} steps of {self.step_s:g} s in segments of {net.segment}, "
            f"looks {len(net.horizons)} horizons up to {net.horizons[-1]} steps ahead; {how.steps} batches of "
            f"{how.batch}, rate {how.rate:g}"
        )
