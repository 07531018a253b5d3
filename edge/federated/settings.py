"""What an operator sets about learning together on a device."""

from pathlib import Path

from pydantic import BaseModel, Field

SETTINGS = "FORESIGHT_FEDERATED"  # environment variable that names the file with them, for Flower's programs


class FederatedSettings(BaseModel, extra="forbid", frozen=True):
    """Whom the device learns with, and from what."""

    superlink: str = Field(description="the host, as name:port")
    ca: Path = Field(description="certificate of the authority that signed the host's, PEM")
    model: Path = Field(description="the model file that learns; the same on all devices and on the host")
    learning: Path = Field(description="the daemon's folder of learning: a folder for each camera and sensor")
    home: Path = Field(Path("federated"), description="folder for what this process keeps")
    key: Path | None = Field(None, description="the device's private key, where the host asks for one; OpenSSH form")
    rate: float = Field(1e-3, gt=0, le=1, description="learning rate")
    epochs: int = Field(4, ge=1, le=1000, description="turns over the device's samples in a round")
    margin: float = Field(
        0.03, ge=0, lt=1, description="share by which what comes back must be better here to become a candidate"
    )
    cpu_percent: float = Field(50.0, gt=0, le=100, description="of one core that a round may take, on average")
