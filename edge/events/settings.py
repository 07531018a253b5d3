"""What an operator writes about zones, lines, and the events that are wanted of them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from edge.contracts.topics import NAME_PATTERN
from edge.events.polygon import area, crosses_itself

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Point = tuple[Fraction, Fraction]
Labels = tuple[str, ...]

SMALLEST_AREA = 1e-5  # a zone of 3 x 3 pixels in a picture of 1280 x 720


class ZoneSettings(BaseModel, extra="forbid", frozen=True):
    """A polygon in the picture that objects enter and leave."""

    name: Name = Field(description="unique among cameras, zones, lines and sensors; part of MQTT topics")
    points: tuple[Point, ...] = Field(
        min_length=3, max_length=64, description="corners in drawing order, x and y as fractions of the frame, 0..1"
    )
    labels: Labels = Field((), description="labels that count here; empty: all")
    loiter_s: float = Field(0.0, ge=0, description="seconds inside after which an object loiters; 0: never")
    inertia_s: float = Field(0.3, ge=0, le=60, description="seconds for which an object must be seen in or out")

    @model_validator(mode="after")
    def _simple(self) -> Self:
        if crosses_itself(self.points, closed=True):
            raise ValueError(f"zone {self.name}: its outline crosses or touches itself; reorder or move its points")
        if area(self.points) < SMALLEST_AREA:
            raise ValueError(f"zone {self.name}: it covers next to nothing; move its points apart")
        return self


class LineSettings(BaseModel, extra="forbid", frozen=True):
    """A line, straight or bent, that objects cross.

    Stand at its first point and look along it to the next: whoever goes from your left hand to your right hand, as
    seen in the picture, crosses it `forward`, the other way is `backward`. A line drawn from the bottom of the
    picture to its top is crossed forward by those who go from left to right.
    """

    name: Name = Field(description="unique among cameras, zones, lines and sensors; part of MQTT topics")
    points: tuple[Point, ...] = Field(
        min_length=2, max_length=64, description="the line as drawn, x and y as fractions of the frame, 0..1"
    )
    labels: Labels = Field((), description="labels that count here; empty: all")
    inertia_s: float = Field(0.3, ge=0, le=60, description="seconds for which an object must stay on the other side")

    @model_validator(mode="after")
    def _simple(self) -> Self:
        if crosses_itself(self.points, closed=False):
            raise ValueError(f"line {self.name}: it has no length, or crosses or touches itself; move its points")
        return self


class LabelFilter(BaseModel, extra="forbid", frozen=True):
    """Which tracks of a label are objects."""

    min_score: float = Field(0.3, ge=0, le=1, description="looks with a lower score do not count")
    threshold: float = Field(0.5, ge=0, le=1, description="least median of the scores of an object")
    min_area: float = Field(0.0, ge=0, le=1, description="looks at smaller boxes do not count, fraction of the frame")
    max_area: float = Field(1.0, gt=0, le=1, description="looks at larger boxes do not count, fraction of the frame")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.min_area > self.max_area:
            raise ValueError(f"min_area {self.min_area} is above max_area {self.max_area}; nothing would ever count")
        return self


class NearMissSettings(BaseModel, extra="forbid", frozen=True):
    """When to say that two objects will come too near to each other.

    Distances are in sizes of boxes: 1 across is where two boxes of the same depth touch.
    """

    enabled: bool = Field(False, description="look for near misses at all")
    pairs: tuple[tuple[str, str], ...] = Field(
        (
            ("person", "car"),
            ("person", "truck"),
            ("person", "bus"),
            ("person", "motorcycle"),
            ("bicycle", "car"),
        ),
        description="labels of objects that shall not meet; the second of each must be moving",
    )
    distance: float = Field(1.0, gt=0, le=20, description="nearer than this is too near, in mean sizes of their boxes")
    min_speed: float = Field(0.2, ge=0, description="what counts as moving, in sizes of its own box per second")
    probability: float = Field(0.5, ge=0.05, le=0.99, description="least probability at which one is published")
    steady_s: float = Field(0.3, ge=0, description="seconds for which it must stay so probable")
    min_lead_s: float = Field(0.3, ge=0, description="nothing is published that is nearer in time than this, seconds")
    max_lead_s: float = Field(5.0, gt=0, description="nothing is published that is further than this, seconds")
    tolerance_s: float = Field(1.0, ge=0, description="seconds after the stated time at which it has not been kept")


class ExpectSettings(BaseModel, extra="forbid", frozen=True):
    """When to say that an object will enter a zone, cross a line, or come too near to another."""

    enabled: bool = Field(True, description="publish expectations at all")
    probability: float = Field(0.7, ge=0.05, le=0.99, description="least probability at which one is published")
    hysteresis: float = Field(0.2, ge=0, le=0.9, description="how far it must fall before the next one of the same")
    steady_s: float = Field(0.3, ge=0, description="seconds for which it must stay so probable")
    min_lead_s: float = Field(0.3, ge=0, description="nothing is published that is nearer than this, seconds")
    max_lead_s: float = Field(5.0, gt=0, description="nothing is published that is further than this, seconds")
    tolerance_s: float = Field(1.0, ge=0, description="seconds after the stated time at which it has not been kept")
    score_half_life_h: float = Field(
        168.0, gt=0, le=1e6, description="hours of watching after which what was counted for the score weighs half"
    )
    near_miss: NearMissSettings = Field(NearMissSettings(), description="objects that will come too near to each other")


class EventSettings(BaseModel, extra="forbid", frozen=True):
    """Which tracks are objects, and how often they are heard of."""

    labels: Labels = Field((), description="labels that make events; empty: all")
    default: LabelFilter = Field(LabelFilter(), description="filter of the labels that have none of their own")
    filters: dict[str, LabelFilter] = Field({}, description="filters by label")
    min_looks: int = Field(3, ge=3, le=30, description="looks that count before a track can be an object")
    update_interval_s: float = Field(10.0, gt=0, description="an object is heard of at least so often, seconds")
    update_gap_s: float = Field(1.0, ge=0, description="and at most so often, unless it does something, seconds")
    end_delay_s: float = Field(0.5, ge=0, le=60, description="seconds from the end of its track to the object's end")
    anchor: Literal["foot", "centre"] = Field("foot", description="which point of a box is where the object is")
    border: float = Field(0.1, ge=0, le=1, description="an object leaves when it is so far out, in box sizes")
    expected: ExpectSettings = Field(ExpectSettings(), description="what is said before it happens")
