"""One sensor as the configuration says it: each section stands beside the step that it configures."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from edge.anomaly import AnomalySettings
from edge.sensors.horizons import too_near
from edge.sensors.settings import AlarmSettings, SensorBasics
from edge.series.settings import SeriesSettings


class SensorSettings(SensorBasics, extra="forbid", frozen=True):
    """Where its readings come from, what they are, and what is told of them."""

    forecast: SeriesSettings = Field(SeriesSettings(), description="How far ahead is looked, and how that is learnt")
    model: Path | None = Field(None, description="Series model (.tflite); without one a fixed recurrent network serves")
    anomaly: AnomalySettings = Field(AnomalySettings(), description="How its readings are held against what was usual")
    alarm: AlarmSettings = Field(AlarmSettings(), description="When an anomaly is an event")
    publish_per_s: float = Field(1.0, ge=0, le=100, description="Messages of each kind per second; 0 = none")
    remember_s: float = Field(
        600.0, ge=1, le=86400, description="What was learnt goes to disk at most so often; 0.2 MB a channel wear a card"
    )

    @model_validator(mode="after")
    def _one_grid(self) -> Self:
        """The forecast's grid is the window's."""
        wanted, given = self.forecast.step_s, self.window.step_s
        if wanted and given and wanted != given:
            raise ValueError(f"window.step_s is {given:g} and forecast.step_s {wanted:g}; there is one grid: give one")
        said = too_near(self.forecast.horizons_s, wanted or given)
        if said:
            raise ValueError(said)
        return self
