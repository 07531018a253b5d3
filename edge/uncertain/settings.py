"""What an operator may set about looks that the device is unsure of."""

from pydantic import BaseModel, Field


class KeepSettings(BaseModel, extra="forbid", frozen=True):
    """Looks to learn from, kept on the device until `foresight archive` packs them."""

    enabled: bool = Field(False, description="Keep what the detector and the tracker are unsure of")
    pictures: bool = Field(
        False, description="With the picture, privacy masks applied; else only boxes, labels, scores and times"
    )
    max_mb: int = Field(100, ge=1, le=1_000_000, description="Most disk space; the least telling go first (1e6 bytes)")
    per_day: int = Field(100, ge=1, le=10_000, description="Most looks kept in any 24 hours, spread over them")
    gap_s: float = Field(60.0, ge=0, description="Seconds between looks kept for one label of one camera, at least")
    near: float = Field(0.1, gt=0, le=0.5, description="A score this near to its threshold is doubtful (0..1)")
    width: int = Field(1920, ge=64, le=7680, description="Kept pictures are no wider than this, pixels")
    quality: int = Field(90, ge=10, le=100, description="Of their JPEG")
