"""What the operator may set about the activity gate and the `motion` detector."""

from pydantic import BaseModel, Field


class ActivitySettings(BaseModel, extra="forbid", frozen=True):
    """When the detector is asked to look, and where."""

    heartbeat_s: float = Field(
        5.0, description="The detector looks at least this often, so that still objects stay known.", gt=0, le=3600
    )
    calibrate_s: float = Field(
        1.0, description="At start, and after the whole picture changed, only the heartbeat counts for so long.", gt=0
    )
    memory_s: float = Field(
        4.0, description="Pixels are compared with their running average over this time.", ge=0.1, le=60
    )
    contrast: float = Field(
        6.0, description="Least change of brightness, of 255, that counts, however quiet the picture.", ge=1, le=255
    )
    noise_factor: float = Field(
        5.0, description="A change counts from so many times the pixel's usual restlessness.", ge=2, le=50
    )
    smallest: float = Field(
        0.00005, description="Least changed area, as a fraction of the picture, that makes a region.", ge=0, lt=1
    )
    padding: float = Field(0.02, description="Added around each region, as a fraction of the picture.", ge=0, lt=0.5)
    whole_picture: float = Field(
        0.6, description="From this changed fraction on it is the light or the camera: calibrate anew.", gt=0, le=1
    )


class MotionSettings(BaseModel, extra="forbid", frozen=True):
    """The detector that needs no model: one box, labelled `moving`, around whatever differs from the empty scene."""

    memory_s: float = Field(4.0, description="The empty scene is learnt as a running average over this time.", gt=0)
    absorb_s: float = Field(
        10.0, description="An object that stopped belongs to the scene after so many seconds.", gt=0
    )
    contrast: float = Field(12.0, description="Least change of brightness, of 255, that counts.", ge=1, le=255)
    noise_factor: float = Field(
        6.0, description="A change counts from so many times the pixel's usual restlessness.", ge=2, le=50
    )
    smallest: float = Field(0.0002, description="Smallest object, as a fraction of the picture's area.", ge=0, lt=1)
    largest: float = Field(
        0.6, description="Beyond this changed fraction of the picture the scene is learnt anew.", gt=0, le=1
    )
