"""What can be set about the anomaly score."""

from pydantic import BaseModel, Field


class AnomalySettings(BaseModel, extra="forbid", frozen=True):
    """How long the score remembers. The defaults suit sensors that are read every second to every hour."""

    memory: int = Field(4000, ge=100, le=1_000_000, description="readings after which what was seen counts half")
    learning: int = Field(100, ge=10, le=100_000, description="readings at the start for which the score is 0")
