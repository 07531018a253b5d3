"""What can be set about the anomaly score."""

from pydantic import BaseModel, Field

DAY_S = 86400.0


class AnomalySettings(BaseModel, extra="forbid", frozen=True):
    """How much the score remembers, and how often it may speak. The defaults suit readings each second to each hour."""

    memory: int = Field(4000, ge=200, le=100_000, description="readings that a new one is compared with")
    rhythm_s: float = Field(
        DAY_S, ge=1, le=1e8, description="period of what recurs (a day), seconds: what is usual may depend on its phase"
    )
    quiet: int = Field(
        400, ge=20, le=100_000, description="readings for which nothing is told that is no odder than before, at most"
    )
