"""What an operator may set about teaching."""

from pydantic import BaseModel, Field


class TeachingSettings(BaseModel, extra="forbid", frozen=True):
    """How much is kept of what people teach, and when a name is sure. Vectors are kept, never pictures."""

    classes: int = Field(20, ge=1, le=40, description="most names that can be taught")
    examples: int = Field(20, ge=2, le=40, description="most looks kept of one name")
    others: int = Field(256, ge=32, le=2048, description="looks at things that nobody has named, to tell names from")
    false_accepts: float = Field(
        0.05, gt=0, lt=0.5, description="share of other things that may be called by a taught name"
    )
    fine_tune: bool = Field(True, description="whether names are told apart more finely after they are known")
