"""The MQTT topics of one device, built and taken apart in one place (DESIGN.md, Wire)."""

import re
from dataclasses import dataclass

ROOT = "foresight"
GROUPS = "groups"  # the same in commands that name a group
DEVICE = "device"  # stands where a camera's name stands in commands to the device itself
NAME_PATTERN = r"^[a-zA-Z0-9_-]+$"
# A camera of one of these names would publish on the device's own topics.
RESERVED_NAMES = frozenset(
    {
        "accelerator",
        "ack",
        "available",
        DEVICE,
        "events",
        "expected",
        GROUPS,
        "learn",
        "score",
        "sensor",
        "set",
        "state",
        "stats",
        "teach",
        "update",
        "zone",
    }
)
ALL = "all"  # the level under which a zone's objects of every label are counted together
NEAR_MISS = "near_miss"  # stands where a label stands, under a camera: whether a near miss is expected there
_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]+")


def slug(label: str) -> str:
    """A label as a topic level: what is neither letter, digit, `_` nor `-` becomes `_` ("traffic light")."""
    return _NOT_IN_A_NAME.sub("_", label) or "_"


def is_topic(text: str) -> bool:
    """Whether something can be published under it (MQTT 5, section 4.7)."""
    return 0 < len(text.encode(errors="replace")) < 65536 and not set(text) & set("+#\0")


def group_desired(group: str, root: str = ROOT) -> str:
    """Retained, of the host: what the devices of a group are to run. A device's own `update_desired` goes first."""
    return f"{root}/{GROUPS}/{group}/update/desired"


@dataclass(frozen=True, slots=True)
class Command:
    """What a `<camera>/<thing>/set` topic asks for."""

    camera: str
    thing: str


@dataclass(frozen=True, slots=True)
class Topics:
    """Every topic under `foresight/<device>/`."""

    device: str
    root: str = ROOT

    @property
    def base(self) -> str:
        """What all topics of the device begin with, without the last slash."""
        return f"{self.root}/{self.device}"

    @property
    def available(self) -> str:
        """Retained `online`, `stopped` or, by the last will, `offline`."""
        return f"{self.base}/available"

    @property
    def stats(self) -> str:
        """Health, each minute."""
        return f"{self.base}/stats"

    @property
    def accelerator(self) -> str:
        """Retained: whether the accelerator of the models serves."""
        return f"{self.base}/accelerator"

    @property
    def events(self) -> str:
        """Events, through the outbox."""
        return f"{self.base}/events"

    @property
    def ack(self) -> str:
        """Written by the host: stored up to."""
        return f"{self.base}/ack"

    @property
    def teach(self) -> str:
        """What a person says that a track really was."""
        return f"{self.base}/teach"

    @property
    def teach_state(self) -> str:
        """Retained: what it was taught, and what that is worth."""
        return f"{self.base}/teach/state"

    @property
    def update_desired(self) -> str:
        """The version that the fleet wants here."""
        return f"{self.base}/update/desired"

    @property
    def update_reported(self) -> str:
        """The version that runs here."""
        return f"{self.base}/update/reported"

    @property
    def update_ask(self) -> str:
        """Asks for a part of a released file."""
        return f"{self.base}/update/ask"

    @property
    def update_part(self) -> str:
        """The part that was asked for, written by the host."""
        return f"{self.base}/update/part"

    @property
    def learn_set(self) -> str:
        """Switches learning on the device."""
        return f"{self.base}/learn/set"

    @property
    def learn_state(self) -> str:
        """Whether it learns."""
        return f"{self.base}/learn/state"

    @property
    def every_set(self) -> str:
        """The filter that matches each camera's `<thing>/set`."""
        return f"{self.base}/+/+/set"

    def status(self, camera: str) -> str:
        """Retained: whether the camera delivers pictures."""
        return f"{self.base}/{camera}/status"

    def tracks(self, camera: str) -> str:
        """Tracks with forecasts, QoS 0."""
        return f"{self.base}/{camera}/tracks"

    def snapshot(self, camera: str) -> str:
        """A JPEG picture."""
        return f"{self.base}/{camera}/snapshot"

    def set(self, camera: str, thing: str) -> str:
        """Asks for a change at run time."""
        return f"{self.base}/{camera}/{thing}/set"

    def state(self, camera: str, thing: str) -> str:
        """Retained: how it is now."""
        return f"{self.base}/{camera}/{thing}/state"

    def count(self, zone: str, label: str) -> str:
        """How many objects of a label are in a zone; label `all` counts every one."""
        return f"{self.base}/zone/{zone}/{slug(label)}"

    def expected(self, zone: str, label: str) -> str:
        """Retained: whether something is expected in a zone or on a line; label `all`: whatever it is."""
        return f"{self.base}/expected/{zone}/{slug(label)}"

    def score(self, place: str) -> str:
        """Retained: how good the expectations of a zone or line have been, or the near misses of a camera."""
        return f"{self.base}/score/{place}"

    def reading(self, sensor: str) -> str:
        """What a sensor measures."""
        return f"{self.base}/sensor/{sensor}/reading"

    def series_forecast(self, sensor: str) -> str:
        """What it will measure."""
        return f"{self.base}/sensor/{sensor}/forecast"

    def anomaly(self, sensor: str) -> str:
        """How odd the newest reading is."""
        return f"{self.base}/sensor/{sensor}/anomaly"

    def recognised(self, sensor: str) -> str:
        """What its newest window shows."""
        return f"{self.base}/sensor/{sensor}/class"

    def window_group(self, sensor: str) -> str:
        """Retained: the group that its newest window belongs to, empty where it belongs to none."""
        return f"{self.base}/sensor/{sensor}/group"

    def sensor_status(self, sensor: str) -> str:
        """Retained: whether its readings come, and are of use."""
        return f"{self.base}/sensor/{sensor}/status"

    def problem(self, sensor: str) -> str:
        """Retained: whether its readings are odd."""
        return f"{self.base}/sensor/{sensor}/problem"

    def command(self, topic: str) -> Command | None:
        """The camera and thing of a `set` topic of this device; None for any other topic."""
        prefix = f"{self.base}/"
        parts = topic.removeprefix(prefix).split("/") if topic.startswith(prefix) else []
        if len(parts) != 3 or parts[2] != "set" or not all(re.fullmatch(NAME_PATTERN[1:-1], part) for part in parts):
            return None
        return Command(parts[0], parts[1])
