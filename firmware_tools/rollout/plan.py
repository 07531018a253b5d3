"""What a roll-out is to do, settled before it begins and never changed: which releases, whose devices, how fast."""

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from edge.contracts.flatbuffer import MalformedError
from edge.contracts.release import LONGEST_TEXT, parse_version
from edge.contracts.update_state import Desired, Wish, encode_desired
from firmware_tools.broker import Access
from firmware_tools.identity.records import Name, Record

RolloutName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$", max_length=LONGEST_TEXT)]


class Pace(Record):
    """How fast, and when to stop. Times are counted while the broker is connected."""

    factor: float = Field(2.0, ge=1, le=100, description="devices of a wave for each good one of the wave before")
    most: int = Field(100, ge=1, description="devices of a wave at most")
    soak_s: float = Field(600.0, ge=0, description="a wave must have been good for so long before the next")
    threshold: float = Field(0.05, ge=0, lt=1, description="stop when a larger share of the judged devices failed")
    least: int = Field(400, ge=1, description="before so many are judged, chance is allowed for")
    gone_s: float = Field(900.0, gt=0, description="offline for longer is gone; longer than a restart takes")
    deadline_s: float = Field(7200.0, gt=0, description="from the asking; the roll-out waits no longer for a device")


class Plan(Record):
    """A roll-out. Devices are in the order in which they are asked: the first `canaries` of them alone."""

    name: RolloutName
    wishes: tuple[Wish, ...] = Field(min_length=1)
    devices: tuple[Name, ...] = Field(min_length=1)
    canaries: int = Field(ge=1)
    left_out: dict[str, str]  # devices that it is not for, and why
    pace: Pace
    access: Access
    at: AwareDatetime

    @property
    def desired(self) -> bytes:
        """What is published to each device."""
        return encode_desired(Desired(self.name, self.wishes))

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if len(set(self.devices)) < len(self.devices) or self.canaries > len(self.devices):
            raise ValueError("a device is there twice, or there are more canaries than devices")
        if self.pace.deadline_s < self.pace.gone_s:
            raise ValueError("a device's deadline must not be before it counts as gone")
        try:
            for wish in self.wishes:
                parse_version(wish.version)
            _ = self.desired
        except MalformedError as error:
            raise ValueError(str(error)) from error
        return self
