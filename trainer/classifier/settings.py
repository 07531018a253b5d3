"""What a recipe may set about a classifier and its training. What it leaves out is picked to suit the data."""

from pydantic import BaseModel, Field, field_validator

from trainer.classifier.architecture import LARGEST_PX, SMALLEST_PX, STRIDE, Architecture
from trainer.data.augment import Augmentation
from trainer.data.colour import ColourChange
from trainer.detector.architecture import Backbone
from trainer.training.settings import Averaging, Batch, LearningSettings, Rate, Smoothing, Steps


class ClassifierNetwork(BaseModel, extra="forbid", frozen=True):
    """The network's size."""

    input_px: int = Field(
        128, ge=SMALLEST_PX, le=LARGEST_PX, description="side of its picture, a multiple of 32; usual: 96 to 320"
    )
    backbone: Backbone = Field("mobilenet_v2", description="mobilenet_v1 or mobilenet_v2")
    width: float = Field(0.35, gt=0.0, le=2.0, description="multiplier of the backbone's channels; usual: .25 to 1.0")
    embedding: int = Field(128, ge=8, le=2048, description="numbers in the vector that describes a picture")
    dropout: float = Field(0.2, ge=0.0, lt=1.0, description="share of that vector left out in training")

    @field_validator("input_px")
    @classmethod
    def _whole_strides(cls, value: int) -> int:
        if value % STRIDE:
            raise ValueError(f"must be a multiple of {STRIDE}")
        return value

    def architecture(self, classes: int) -> Architecture:
        """The network for so many classes."""
        return Architecture(classes, self.input_px, self.backbone, self.width, self.embedding, self.dropout)


class ClassifierTraining(LearningSettings, extra="forbid", frozen=True):
    """How a classifier learns."""

    steps: Steps = 500
    batch: Batch = 32
    rate: Rate = 1e-3
    averaging: Averaging = 0.99
    label_smoothing: Smoothing = 0.1
    balance: float = Field(
        0.0, ge=0.0, le=1.0, description="how much rare classes count for more: 0 = not, 1 = each class the same"
    )


class ClassifierChange(BaseModel, extra="forbid", frozen=True):
    """How much training pictures are changed."""

    smallest: float = Field(0.75, gt=0.0, le=1.0, description="least scale; 1 = as large as in service")
    largest: float = Field(1.35, ge=1.0, le=2.0, description="largest scale; above 1 crops")
    stretch: float = Field(0.25, ge=0.0, le=1.0, description="of the aspect, as a logarithm")
    mirrored: float = Field(0.5, ge=0.0, le=1.0, description="share that is mirrored left to right")
    erased: float = Field(0.25, ge=0.0, le=1.0, description="share from which a rectangle is blotted out")
    brightness: float = Field(0.2, ge=0.0, le=1.0, description="of the range of pixels")
    contrast: float = Field(0.35, ge=0.0, le=2.0, description="as a factor, up or down")
    saturation: float = Field(0.5, ge=0.0, le=2.0, description="as a factor, up or down")
    hue_rad: float = Field(0.1, ge=0.0, le=3.2, description="turned, radians")

    def change(self) -> Augmentation:
        """As the augmentation takes it; erasing comes after it."""
        colour = ColourChange(self.brightness, self.contrast, self.saturation, self.hue_rad)
        return Augmentation(self.smallest, self.largest, self.stretch, self.mirrored, mosaic=0.0, colour=colour)


class ClassifierRecipe(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    weights: str = Field(
        "imagenet", description="a file (.h5, .npz) or imagenet: the backbone's; the folder of a run: all; none"
    )
    network: ClassifierNetwork = ClassifierNetwork()
    training: ClassifierTraining = ClassifierTraining()
    augmentation: ClassifierChange = ClassifierChange()

    def words(self) -> str:
        """The settings that matter most, in a line."""
        net, how = self.network, self.training
        return (
            f"{net.backbone} of width {net.width:g}, pictures of {net.input_px} px, embedding of {net.embedding}, "
            f"weights: {self.weights}; {how.steps} steps of {how.batch} by {how.descent.value}, rate {how.rate:g}, "
            f"seed {how.seed}"
        )
