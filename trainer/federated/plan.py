"""What the host was asked to do, as a file: Flower runs the rounds in a process of its own, which reads it."""

from pathlib import Path

from pydantic import BaseModel, Field

from trainer.federated.averaging import Terms
from trainer.federated.rounds import Course


class Plan(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    model: Path = Field(description="the model file that learns; the same on all devices")
    out: Path = Field(description="folder of what comes of it")
    resume: str = Field("", description="name of weights in `out` to begin with; empty = those of the model file")
    course: Course = Field(Course(), description="how often, and how long is waited")
    terms: Terms = Field(Terms(), description="of averaging")
