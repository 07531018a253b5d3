"""What an operator may set about groups."""

from pydantic import BaseModel, Field


class GroupSettings(BaseModel, extra="forbid", frozen=True):
    """How alike things of one group are. Likeness is the cosine of vectors about their running mean, -1..1."""

    most: int = Field(32, ge=2, le=256, description="centres that are remembered; the weakest unnamed one goes first")
    join: float = Field(0.3, gt=0, lt=1, description="least likeness to a centre of what belongs to it")
    merge: float = Field(0.55, gt=0, lt=1, description="two centres that are so alike become one")
    split: float = Field(0.05, gt=-1, lt=1, description="a centre whose halves are less alike than this becomes two")
    min_members: int = Field(3, ge=1, le=1000, description="members from which on a group is told of")
    warm_up: int = Field(20, ge=2, le=1000, description="vectors that are gathered before the first group is formed")
    memory: int = Field(200, ge=1, le=100_000, description="a centre moves like the mean of so many newest members")
