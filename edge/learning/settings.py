"""What an operator may set about learning on the device."""

from pydantic import BaseModel, Field


class LearningSettings(BaseModel, extra="forbid", frozen=True):
    """How much of the machine learning may take, and how much better it must be before it serves."""

    enabled: bool = Field(False, description="learn from what is seen; off: the models serve as they were exported")
    cpu_percent: float = Field(10.0, gt=0, le=100, description="of one core that learning may take, on average")
    max_mb: float = Field(32.0, ge=1, le=4096, description="size on disk of one subject's samples, megabytes")
    samples: int = Field(8000, ge=64, le=1_000_000, description="samples of one subject that are kept")
    margin: float = Field(
        0.02, ge=0, lt=1, description="share by which a candidate's error on what was held out must be smaller"
    )
    rate: float = Field(3e-3, gt=0, le=1, description="learning rate")
    epochs: int = Field(8, ge=1, le=1000, description="turns over the samples in one round")
    holdout: float = Field(0.2, ge=0.05, le=0.5, description="share of the time that is kept to judge, not to learn")
    pause_c: float = Field(75.0, ge=30, le=110, description="hotter than this, learning pauses, degrees Celsius")
    pause_free_mb: float = Field(96.0, ge=0, le=65_536, description="with less free memory learning pauses, megabytes")
