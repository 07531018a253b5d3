"""How models are run: a section of the configuration."""

from pydantic import BaseModel, Field


class RuntimeSettings(BaseModel, extra="forbid", frozen=True):
    """How models are run."""

    threads: int = Field(2, description="CPU threads that one model computes on", ge=1, le=16)
    edgetpu_library: str = Field(
        "libedgetpu.so.1", description="Library of the Edge TPU, for models that are compiled for it", min_length=1
    )
    edgetpu_device: str = Field(
        "", description="Which Edge TPU: empty for any, usb, usb:0, pci, pci:1", pattern=r"^((usb|pci)(:\d+)?)?$"
    )
    stall_s: float = Field(
        1.0, description="Seconds without an answer after which an accelerator is given up", gt=0, le=60
    )
    trial_deadline_s: float = Field(
        60.0, description="Seconds that a new model may take to load and run in its trial", gt=0, le=600
    )
    trial_memory_mib: int = Field(
        2048, description="Address space that a new model may take in its trial, in MiB", ge=256, le=65536
    )
