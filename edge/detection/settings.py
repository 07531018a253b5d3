"""What an operator may set about detection."""

from pydantic import BaseModel, Field


class DetectionSettings(BaseModel, extra="forbid", frozen=True):
    """How a detector looks, and what it keeps."""

    min_score: float = Field(
        0.25, ge=0.0, le=1.0, description="detections below this score are dropped; trackers like them low (0..1)"
    )
    trusted_score: float = Field(
        0.4,
        gt=0.0,
        lt=1.0,
        description="score at which this detector's findings are as often right as wrong; the tracker goes by it "
        "(SSD MobileNet 0.4, YOLOX 0.6)",
    )
    nms_iou: float = Field(
        0.6, gt=0.0, le=1.0, description="of two boxes of a label that overlap by more than this IoU, one is kept"
    )
    max_detections: int = Field(100, ge=1, le=1000, description="most detections kept per frame, best first")
    max_crops: int = Field(
        2, ge=0, le=16, description="closer looks per frame at active regions, each costs one more run; 0: never"
    )
    crop_margin: float = Field(
        0.25, ge=0.0, le=2.0, description="room left around an active region in its crop, in sizes of the region"
    )
    crop_zoom: float = Field(
        1.5,
        ge=0.25,
        le=4.0,
        description="model pixels per camera pixel in the closest crops: more finds smaller objects, "
        "but needs more crops where many places are active",
    )
    min_gain: float = Field(
        1.5, ge=1.0, le=16.0, description="crops must magnify at least this much over the whole frame to be worth it"
    )
    inside_share: float = Field(
        0.75,
        gt=0.0,
        le=1.0,
        description="of a crop's box and a whole-frame box of one label, the weaker is dropped "
        "when this share of the smaller one lies inside the other",
    )
