"""What a recipe may set about a trajectory network and its training."""

from pydantic import BaseModel, Field

from trainer.training.schedule import Descent, Schedule


class ForecasterNetwork(BaseModel, extra="forbid", frozen=True):
    """The network's size."""

    units: int = Field(48, ge=4, le=512, description="width of the recurrent layer")
    hidden: int = Field(64, ge=4, le=1024, description="width of the layer after it")
    directions: bool = Field(
        True, description="it sees the heading in the picture or the world; without, a turned world is the same to it"
    )


class ForecasterLoss(BaseModel, extra="forbid", frozen=True):
    """What counts how much."""

    distance: float = Field(1.0, ge=0.0, description="error of the mixture's mean path, in the unit of the tracks")
    winner: float = Field(0.2, ge=0.0, description="error of the nearest of the mixture's paths, in the same unit")
    likelihood: float = Field(0.05, ge=0.0, description="negative log-likelihood of what happened")


class ForecasterTraining(BaseModel, extra="forbid", frozen=True):
    """How long and how fast is learnt."""

    steps: int = Field(3000, ge=1, description="batches that are learnt from")
    batch: int = Field(256, ge=1, le=16384, description="windows in a batch")
    rate: float = Field(3e-3, gt=0.0, lt=10.0, description="learning rate at its highest")
    warm_up: int = Field(50, ge=0, description="steps until then")
    decay: float = Field(0.01, ge=0.0, lt=1.0, description="weight decay")
    averaging: float = Field(0.995, ge=0.0, lt=1.0, description="what the average of the weights keeps, per step")
    patience: int = Field(0, ge=0, description="validations without a better one after which it ends; 0 = never")
    mirrored: float = Field(0.5, ge=0.0, le=1.0, description="share of windows with left and right changed")
    turned: float = Field(
        0.0, ge=0.0, le=1.0, description="share of windows whose world is turned: 1 where directions mean nothing"
    )
    seed: int = Field(1, ge=0, description="of all chance")

    def schedule(self, validate_every: int) -> Schedule:
        """As the training loop takes it."""
        return Schedule(
            steps=self.steps,
            batch=self.batch,
            rate=self.rate,
            warm_up=min(self.warm_up, self.steps),
            descent=Descent.ADAMW,
            decay=self.decay,
            clip=1.0,
            averaging=self.averaging,
            save_every=max(100, self.steps // 4),
            validate_every=validate_every,
            patience=self.patience if validate_every else 0,
            seed=self.seed,
        )


class ForecasterEnsemble(BaseModel, extra="forbid", frozen=True):
    """Networks of other seeds that are distilled into the one that is exported."""

    teachers: int = Field(0, ge=0, le=16, description="such networks; 0 = none, and training takes one turn")
    share: float = Field(0.5, ge=0.0, le=1.0, description="of the distance: to their mean path, not to what happened")


class ForecasterRecipe(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    network: ForecasterNetwork = ForecasterNetwork()
    loss: ForecasterLoss = ForecasterLoss()
    training: ForecasterTraining = ForecasterTraining()
    ensemble: ForecasterEnsemble = ForecasterEnsemble()
