"""What an operator may set about the second stage."""

from pydantic import BaseModel, Field


class ClassifySettings(BaseModel, extra="forbid", frozen=True):
    """Which objects get a second look, how often, and when its answer counts."""

    track_labels: tuple[str, ...] = Field((), description="only objects of these detector labels; empty: all")
    min_score: float = Field(
        0.6, ge=0.0, le=1.0, description="median score from which the answer becomes the object's sub-label (0..1)"
    )
    runs_per_s: int = Field(5, ge=1, le=100, description="most runs of the model in any second, over all objects")
    runs_per_frame: int = Field(2, ge=1, le=16, description="most runs in one frame, which they delay")
    samples: int = Field(5, ge=1, le=32, description="best crops remembered per object; the median is taken of them")
    min_samples: int = Field(3, ge=1, le=32, description="crops an object needs before it gets an answer")
    margin: float = Field(0.1, ge=0.0, le=1.0, description="room left around the object, in sizes of its box")
    min_side_px: int = Field(32, ge=1, le=4096, description="objects with a shorter side than this are too small")
