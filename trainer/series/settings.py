"""What a recipe may set about a forecaster of series. What it leaves out is picked to suit the data."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from edge.contracts.windows import MOST_HORIZONS
from trainer.training.schedule import Schedule

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


class SeriesTraining(BaseModel, extra="forbid", frozen=True):
    """How long and how fast is learnt."""

    steps: int = Field(1500, ge=1, description="batches that are learnt from")
    batch: int = Field(32, ge=1, le=4096, description="windows in a batch")
    rate: float = Field(1e-3, gt=0.0, lt=10.0, description="learning rate at its highest")
    decay: float = Field(0.01, ge=0.0, lt=1.0, description="weight decay")
    averaging: float = Field(0.99, ge=0.0, lt=1.0, description="what the average of the weights keeps, per step")
    validations: int = Field(20, ge=1, le=1000, description="times at which the best weights are looked for")
    patience: int = Field(6, ge=0, description="validations without gain until it stops; 0: it goes to the end")
    seed: int = Field(1, ge=0, description="of all chance")

    def schedule(self) -> Schedule:
        """As the training loop takes it."""
        return Schedule(
            steps=self.steps,
            batch=self.batch,
            rate=self.rate,
            warm_up=min(50, self.steps),
            decay=self.decay,
            averaging=self.averaging,
            validate_every=max(1, self.steps // self.validations),
            patience=self.patience,
            seed=self.seed,
        )


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
