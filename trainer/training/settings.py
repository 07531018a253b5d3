"""What a recipe may set about learning, whatever is learnt."""

from typing import Annotated

from pydantic import BaseModel, Field

from trainer.training.schedule import Descent, Schedule

Steps = Annotated[int, Field(ge=1, description="batches that are learnt from")]
Batch = Annotated[int, Field(ge=1, le=4096, description="samples in a batch, over all devices")]
Rate = Annotated[float, Field(gt=0.0, lt=10.0, description="learning rate at its highest")]
WarmUp = Annotated[int, Field(ge=0, description="steps until then")]
Decay = Annotated[float, Field(ge=0.0, lt=1.0, description="weight decay")]
Averaging = Annotated[float, Field(ge=0.0, lt=1.0, description="what the average of the weights keeps, per step")]
Smoothing = Annotated[float, Field(ge=0.0, lt=1.0, description="how much less than sure it is to be of the truth")]


class LearningSettings(BaseModel, extra="forbid", frozen=True):
    """How long and how fast is learnt. What learns states its own defaults."""

    steps: Steps = 1000
    batch: Batch = 16
    rate: Rate = 2e-3
    warm_up: WarmUp = 50
    descent: Descent = Field(Descent.ADAMW, description="adamw or sgd")
    decay: Decay = 0.02
    averaging: Averaging = 0.998
    seed: int = Field(1, ge=0, description="of all chance")

    def schedule(self, validate_every: int, patience: int) -> Schedule:
        """As the training loop takes it."""
        return Schedule(
            steps=self.steps,
            batch=self.batch,
            rate=self.rate,
            warm_up=min(self.warm_up, self.steps),
            descent=self.descent,
            decay=self.decay,
            averaging=self.averaging,
            validate_every=validate_every,
            patience=patience,
            seed=self.seed,
        )
