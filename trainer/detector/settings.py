"""What a recipe may set about a detector and its training. What it leaves out is picked to suit the data."""

from pydantic import BaseModel, Field, field_validator

from trainer.data.augment import Augmentation
from trainer.data.colour import ColourChange
from trainer.detector.architecture import Architecture, Backbone
from trainer.training.settings import LearningSettings, Smoothing


class NetworkSettings(BaseModel, extra="forbid", frozen=True):
    """The network's size."""

    input_px: int = Field(320, ge=64, le=1024, description="side of its picture, a multiple of 32; usual: 192 to 640")
    backbone: Backbone = Field("mobilenet_v2", description="mobilenet_v1 or mobilenet_v2")
    width: float = Field(0.35, gt=0.0, le=2.0, description="multiplier of the backbone's channels; usual: .25 to 1.0")
    channels: int = Field(64, ge=8, le=512, description="channels of pyramid and head")
    dropout: float = Field(0.0, ge=0.0, lt=1.0, description="share of the head's channels left out in training")
    frozen: bool = Field(
        True,
        description="the normalisation of a backbone with weights stays as it came; false suits thousands of pictures, "
        "and such as ImageNet has none of",
    )

    @field_validator("input_px")
    @classmethod
    def _whole_cells(cls, value: int) -> int:
        if value % 32:
            raise ValueError("must be a multiple of 32")
        return value

    def architecture(self, classes: int) -> Architecture:
        """The network for so many classes."""
        return Architecture(classes, self.input_px, self.backbone, self.width, self.channels, self.dropout)


class TrainingSettings(LearningSettings, extra="forbid", frozen=True):
    """How a detector learns."""

    label_smoothing: Smoothing = 0.0
    rare: float = Field(
        0.0, ge=0.0, le=1.0, description="classes in fewer than this share of the pictures are shown more often"
    )


class AugmentationSettings(BaseModel, extra="forbid", frozen=True):
    """How much training pictures are changed."""

    smallest: float = Field(0.5, gt=0.0, le=4.0, description="least scale; 1 = as large as in service")
    largest: float = Field(1.6, gt=0.0, le=8.0, description="largest scale; above 1 crops")
    stretch: float = Field(0.15, ge=0.0, le=1.0, description="of the aspect, as a logarithm")
    mirrored: float = Field(0.5, ge=0.0, le=1.0, description="share that is mirrored left to right")
    mosaic: float = Field(0.5, ge=0.0, le=1.0, description="share that is made of four pictures")
    calm_share: float = Field(0.15, ge=0.0, le=1.0, description="last share of training without mosaics")
    brightness: float = Field(0.2, ge=0.0, le=1.0, description="of the range of pixels")
    contrast: float = Field(0.35, ge=0.0, le=2.0, description="as a factor, up or down")
    saturation: float = Field(0.5, ge=0.0, le=2.0, description="as a factor, up or down")
    hue_rad: float = Field(0.15, ge=0.0, le=3.2, description="turned, radians")

    def change(self) -> Augmentation:
        """As the augmentation takes it."""
        colour = ColourChange(self.brightness, self.contrast, self.saturation, self.hue_rad)
        return Augmentation(
            self.smallest, max(self.smallest, self.largest), self.stretch, self.mirrored, self.mosaic, colour=colour
        )


class DetectorRecipe(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    weights: str = Field(
        "imagenet", description="a file (.h5, .npz) or imagenet: the backbone's; the folder of a run: all; none"
    )
    network: NetworkSettings = NetworkSettings()
    training: TrainingSettings = TrainingSettings()
    augmentation: AugmentationSettings = AugmentationSettings()

    def words(self) -> str:
        """The settings that matter most, in a line."""
        net, how = self.network, self.training
        return (
            f"{net.backbone} of width {net.width:g}, pictures of {net.input_px} px, weights: {self.weights}; "
            f"{how.steps} steps of {how.batch} by {how.descent.value}, rate {how.rate:g}, seed {how.seed}"
        )
