"""What the host was asked to do, as a file: Flower runs the rounds in a process of its own, which reads it."""

from pathlib import Path

from pydantic import BaseModel, Field

from edge.contracts.types import F32, ModelBundle
from edge.learning.checkpoint import ENDING, read_checkpoint
from trainer.errors import TrainError
from trainer.federated.averaging import Terms
from trainer.federated.rounds import Course


class Plan(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    model: Path = Field(description="the model file that learns; the same on all devices")
    out: Path = Field(description="folder of what comes of it")
    resume: Path | None = Field(None, description="checkpoint to begin with; none = the weights of the model file")
    course: Course = Field(Course(), description="how often, and how long is waited")
    terms: Terms = Field(Terms(), description="of averaging")


def beginning(plan: Plan, bundle: ModelBundle, exported: F32) -> F32:
    """(N,) the weights that the first round begins with.

    Args:
        plan: what is to be done.
        bundle: of its model.
        exported: (N,) weights in the model file.

    Raises:
        CheckpointError, TrainError: the checkpoint cannot be used.
    """
    if plan.resume is None:
        return exported
    if plan.resume.suffix != ENDING:
        raise TrainError(f"{plan.resume} is no checkpoint; give the path of a *{ENDING} file of rounds before")
    found = read_checkpoint(plan.resume.parent, plan.resume.stem, bundle.sha256, bundle.head).weights.weights
    if len(found) != len(exported):
        raise TrainError(f"{plan.resume} is not for {plan.model}; give weights of this model")
    return found
