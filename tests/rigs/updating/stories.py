"""What befalls a device: what is released for it, what it has before, and what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from edge.contracts.update_state import CONFIGURATION
from tests.rigs.updating.device import DIES, SICK
from tests.rigs.updating.updating import CONFIGURATION as DOOR
from tests.rigs.updating.updating import MODEL

STREET = "street.tflite"
EMPTY, ONE = "empty", "one"  # what a device may have before


def _model(what: bytes) -> bytes:
    return what + bytes(6000)


def _configuration(what: bytes) -> bytes:
    return b"a: " + what + b"\n" + b"#" * 3000 + b"\n"


@dataclass(frozen=True)
class Story:
    """Contents by place; both names have the version of the story."""

    name: str
    base: str
    version: str
    model: bytes
    configuration: bytes
    good: bool = True  # the model; else it is returned

    @property
    def releases(self) -> Mapping[str, bytes]:
        """By name."""
        return {MODEL: self.model, DOOR: self.configuration}

    @property
    def wishes(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.version) for name in self.releases)

    @property
    def new(self) -> Mapping[str, str]:
        """SHA-256 by place."""
        return {STREET: sha256(self.model).hexdigest(), CONFIGURATION: sha256(self.configuration).hexdigest()}

    @property
    def end(self) -> Mapping[str, str]:
        """What must serve in the end."""
        old = {} if self.base == EMPTY else {STREET: STORIES[ONE].new[STREET]}
        return self.new if self.good else {CONFIGURATION: self.new[CONFIGURATION], **old}

    @property
    def blocked(self) -> tuple[str, ...]:
        """What must be blocked in the end."""
        return () if self.good else (self.new[STREET],)

    @property
    def old(self) -> Mapping[str, str]:
        """What serves before."""
        return {} if self.base == EMPTY else STORIES[ONE].new


STORIES: Mapping[str, Story] = {
    story.name: story
    for story in (
        Story(ONE, EMPTY, "1", _model(b"one"), _configuration(b"one")),
        Story("next", ONE, "2", _model(b"two"), _configuration(b"two")),
        Story("sick", ONE, "3", _model(SICK), _configuration(b"three"), good=False),
        Story("dies", ONE, "4", _model(DIES), _configuration(b"four"), good=False),
    )
}
