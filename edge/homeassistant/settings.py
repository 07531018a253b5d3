"""Whether Home Assistant is told."""

from pydantic import BaseModel, Field


class HomeAssistantSettings(BaseModel, extra="forbid", frozen=True):
    """MQTT discovery."""

    enabled: bool = Field(True, description="announce entities; false removes them")
    prefix: str = Field("homeassistant", pattern=r"^[a-zA-Z0-9_/-]+$", description="Home Assistant's discovery prefix")
    labels_each: int = Field(
        8, ge=0, le=100, description="labels that a zone or camera without a list of its own gets entities for, as seen"
    )

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says that it is there."""
        return f"{self.prefix}/status"
