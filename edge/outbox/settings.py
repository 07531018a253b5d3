"""What can be set about the delivery of events."""

from enum import StrEnum

from pydantic import BaseModel, Field


class Forget(StrEnum):
    """When a stored event may be forgotten."""

    HOST_ACK = "host_ack"
    PUBACK = "puback"


class OutboxSettings(BaseModel, extra="forbid", frozen=True):
    """Delivery of events.

    `forget: puback` forgets an event as soon as the broker has passed it to a subscriber: right for Home Assistant
    alone, but a broker that dies may lose what it had confirmed, so events can be lost. `forget: host_ack` keeps each
    event until the collector says that it is stored: nothing accepted is lost, but without a collector the outbox
    fills up and drops its oldest events.
    """

    forget: Forget = Field(
        Forget.PUBACK, description="forget events on the broker's word (puback) or on the collector's (host_ack)"
    )
    limit_bytes: int = Field(
        32 * 2**20, ge=2**18, le=2**34, description="size of the database; when full the oldest low-priority ones go"
    )
    window: int = Field(250, ge=1, le=500, description="events sent and not yet acknowledged; also resent per outage")
    silence_s: float = Field(2.0, gt=0, le=60, description="seconds without acknowledgement before sending again")
    memory_events: int = Field(
        5000, ge=500, le=100_000, description="events held in memory while the disk takes none; then the oldest go"
    )
