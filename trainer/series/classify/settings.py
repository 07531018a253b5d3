"""What a recipe may set about a classifier of windows. What it leaves out is picked to suit the data."""

from pydantic import BaseModel, Field

from trainer.training.settings import Averaging, Batch, LearningSettings, Smoothing


class ClassifyWindow(BaseModel, extra="forbid", frozen=True):
    """What the network sees."""

    seconds: float = Field(1.0, gt=0, le=3600, description="length of a window")
    frame_s: float = Field(0.032, gt=0, le=1, description="sounds: length of the pieces of which spectra are taken")
    hop_s: float = Field(0.016, gt=0, le=1, description="sounds: from the begin of one piece to that of the next")
    bands: int = Field(32, ge=8, le=128, description="sounds: bands of the spectrum")
    low_hz: float = Field(60.0, ge=0, description="sounds: lowest frequency")
    high_hz: float = Field(0.0, ge=0, description="sounds: highest frequency; 0 = 95 % of what the rate holds")
    overlap: float = Field(
        0.5, ge=0, lt=1, description="values: share of a window that the next one of a recording has"
    )


class ClassifyNetwork(BaseModel, extra="forbid", frozen=True):
    """The network's size."""

    width: int = Field(16, ge=4, le=256, description="channels of the first convolution")
    units: int = Field(32, ge=4, le=256, description="size of the recurrent state")
    embedding: int = Field(32, ge=4, le=1024, description="numbers in the vector that describes a window")
    dropout: float = Field(0.3, ge=0, lt=1, description="share of features left out in training")
    members: int = Field(1, ge=1, le=8, description="networks side by side whose answers are averaged, in one file")


class ClassifyTraining(LearningSettings, extra="forbid", frozen=True):
    """How a classifier of windows learns."""

    batch: Batch = 64
    averaging: Averaging = 0.99
    label_smoothing: Smoothing = 0.1
    balance: float = Field(0.5, ge=0, le=1, description="how much rare classes count for more: 1 = each class the same")


class SoundChange(BaseModel, extra="forbid", frozen=True):
    """How much sounds are changed for training."""

    variants: int = Field(16, ge=1, le=256, description="changed copies that are made of each sound")
    speed: float = Field(0.14, ge=0, lt=0.9, description="faster or slower, with its pitch; as a logarithm")
    tract: float = Field(0.17, ge=0, lt=0.9, description="frequencies moved, as a vocal tract does; as a logarithm")
    tempo: float = Field(0.2, ge=0, lt=0.9, description="faster or slower at the same pitch; as a logarithm")
    tilt: float = Field(0.5, ge=0, lt=1, description="treble turned up or down, by a filter of one tap")
    gain: float = Field(1.0, ge=0, le=5, description="louder or softer; as a logarithm")
    noise: float = Field(0.01, ge=0, le=1, description="most noise that is added, of full scale")
    shift_s: float = Field(0.1, ge=0, le=10, description="moved within the window, earlier or later")
    bands_masked: int = Field(6, ge=0, le=64, description="most neighbouring bands that are blotted out")
    frames_masked: int = Field(8, ge=0, le=1000, description="most neighbouring pieces that are blotted out")


class MotionChange(BaseModel, extra="forbid", frozen=True):
    """How much values of a sensor are changed for training."""

    jitter: float = Field(0.05, ge=0, le=1, description="noise that is added, in standard deviations")
    scaling: float = Field(0.1, ge=0, le=1, description="of the size of all values; as a logarithm")
    rotation_rad: float = Field(0.0, ge=0, le=3.2, description="turns of each triple of channels that is a vector")
    crop: float = Field(0.15, ge=0, lt=0.9, description="share of a window that is left out, the rest is stretched")
    shift: float = Field(0.3, ge=0, le=1, description="share of a window that is moved around its end to its begin")


class ClassifyRecipe(BaseModel, extra="forbid", frozen=True):
    """All of it."""

    window: ClassifyWindow = ClassifyWindow()
    network: ClassifyNetwork = ClassifyNetwork()
    training: ClassifyTraining = ClassifyTraining()
    sound: SoundChange = SoundChange()
    motion: MotionChange = MotionChange()
    mixing: float = Field(
        0.0, ge=0, le=10, description="windows laid over each other in training: parameter of their shares, 0 = none"
    )

    def words(self) -> str:
        """The settings that matter most, in a line."""
        net, how = self.network, self.training
        return (
            f"windows of {self.window.seconds:g} s; {net.members} network{'s' if net.members > 1 else ''} of width "
            f"{net.width} with {net.units} recurrent units; {how.steps} batches of {how.batch}, rate {how.rate:g}, "
            f"seed {how.seed}"
        )
