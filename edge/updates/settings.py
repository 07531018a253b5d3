"""How this device takes up what was released for it."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from edge.contracts.topics import NAME_PATTERN
from edge.updates.trust.settings import TrustSettings

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]


class GateSettings(BaseModel, extra="forbid", frozen=True):
    """The health gate: how the daemon must do with something new, beside how it did before."""

    before_s: float = Field(60.0, ge=0, description="how long the daemon is watched before something new is tried")
    warm_s: float = Field(20.0, ge=0, description="what something new is given to begin, before it is judged")
    watch_s: float = Field(120.0, gt=0, description="how long it is watched then, before it is held to be good")
    silent_s: float = Field(
        30.0, gt=0, description="so long without a frame or a look, where there were some, is too long"
    )
    broker_s: float = Field(60.0, gt=0, description="so long without the broker that was there before is too long")
    hold_s: float = Field(600.0, gt=0, description="how long a model's watch waits for a broker or cameras, in all")
    least_rate: float = Field(0.5, ge=0, le=1, description="frames that must come, as a part of what came before")
    least_looks: float = Field(0.1, ge=0, le=1, description="looks of detectors, as a part of what they were before")
    least_score: float = Field(0.5, ge=0, le=1, description="mean score, as a part of what it was before")
    most_failures: int = Field(2, ge=0, description="failures of models that are borne, beside as many as before")


class UpdateSettings(BaseModel, extra="forbid", frozen=True):
    """Signed updates. Nothing is taken that the keys of the trust root did not sign for this device."""

    enabled: bool = Field(False, description="take up what the host wants this device to run")
    trust: TrustSettings = Field(TrustSettings(), description="where releases come from, and whom is believed")
    board: str = Field("", pattern=r"^[a-zA-Z0-9_-]*$", description="what this board is called in releases, as pi4")
    groups: tuple[Name, ...] = Field(
        (), max_length=32, description="of devices, that this one is in; the first goes first"
    )
    gate: GateSettings = Field(GateSettings(), description="when something new is held to be good")
    serve_s: float = Field(900.0, gt=0, description="how long something new may take until it serves; a system reboots")
    retry_s: float = Field(600.0, gt=0, description="the longest pause before what did not come is tried again")
    again_s: float = Field(21600.0, gt=0, description="how soon a wish that was refused is looked at again")
