"""What may be set about a model file that learns where it runs."""

from pydantic import BaseModel, Field

from edge.contracts.trainable import MOST_BATCH, Optimizer
from trainer.forecaster.settings import ForecasterLoss


class TrainableSettings(BaseModel, extra="forbid", frozen=True):
    """How it will learn; all of it is fixed in the file but the rate, which each step is told."""

    batch: int = Field(32, ge=1, le=MOST_BATCH, description="samples of a step; fewer are filled up with unknown ones")
    optimizer: Optimizer = Field(Optimizer.ADAM, description="adam, or sgd with momentum")
    rate: float = Field(1e-3, gt=0.0, le=1.0, description="of learning, where nobody says another")
    clip: float = Field(1.0, ge=0.0, le=1e6, description="length that a gradient is cut to; 0 = any")
    spare: int = Field(16, ge=0, le=1024, description="classes that can be added to a classifier where it runs")
    paths: ForecasterLoss = Field(ForecasterLoss(), description="what counts how much in the loss of paths")
