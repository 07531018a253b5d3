"""How good forecasts have turned out to be on one camera. Lengths are heights of the object's box."""

from dataclasses import dataclass
from enum import StrEnum


class Serving(StrEnum):
    """Whose forecasts are told."""

    STRAIGHT = "straight"  # the straight line's, which is always there
    LEARNED = "learned"  # the model's, which has proven to be better here


@dataclass(frozen=True, slots=True)
class HorizonScore:
    """Of the forecasts for one horizon. `samples` counts those that the figures are about, newer ones more."""

    horizon_s: float
    error: float  # mean distance between the forecast centre and the true one, NaN without samples
    coverage: float  # share of the errors along an axis that lay within sigma, .68 where sigma is right
    samples: float


@dataclass(frozen=True, slots=True)
class ForecasterScore:
    """Of one forecaster. NaN without samples."""

    ade: float  # mean error over the horizons
    fde: float  # error at the last of them
    horizons: tuple[HorizonScore, ...]


@dataclass(frozen=True, slots=True)
class ForecastStanding:
    """Of all forecasters of a camera: they have been compared on the same objects at the same times."""

    serving: Serving
    model: str  # name of the model, "" where there is none
    sha256: str  # of its file, "" where there is none
    trouble: str  # why the model is not asked, else ""
    straight: ForecasterScore
    learned: ForecasterScore
