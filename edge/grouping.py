"""Tracked objects in groups of what looks alike, as a second stage, and the groups' names over MQTT."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from edge.classify.embedder import Embedder
from edge.contracts.bus import Bus
from edge.contracts.errors import MessageError
from edge.contracts.stored import DAMAGED, replace_file
from edge.contracts.topics import GROUPS, Topics
from edge.contracts.types import F32, U8, SubLabel, Tracks
from edge.groups.groups import Groups, Membership
from edge.pipeline import Classifier

FILE_NAME, FOLDER = "groups.npz", "groups"
WRITE_EVERY_S = 600.0  # what was learnt; names are written within a minute
LARGEST_FILE = 1 << 28  # bytes
_log = logging.getLogger(__name__)


class Grouping:
    """A second stage that calls a track what the classifier calls it, else by its group.

    Each track is learnt once, when the embedder has looked at it often enough.

    Args:
        classifier: goes first.
        embedder: makes a vector of each track.
        groups: of these vectors; other cameras' too.
    """

    def __init__(self, classifier: Classifier, embedder: Embedder, groups: Groups) -> None:
        self._classifier, self._embedder, self._groups = classifier, embedder, groups
        self._learnt: set[int] = set()
        self._known: dict[int, tuple[F32, int, Membership | None]] = {}  # vector and version that it was found with

    @property
    def closest(self) -> Mapping[int, SubLabel]:
        """The classifier's best answer by track id, also where it was not good enough to be given."""
        return self._classifier.closest

    def step(self, pixels: U8, tracks: Tracks, t_s: float) -> Mapping[int, SubLabel]:
        """The names known so far, by track id."""
        named = self._classifier.step(pixels, tracks, t_s)
        vectors = self._embedder.step(pixels, tracks, t_s)
        for track in vectors.keys() - self._learnt:
            self._groups.learn(vectors[track])
        self._learnt = set(vectors)
        self._known = {track: self._found(track, vector) for track, vector in vectors.items()}
        grouped = {track: SubLabel(found.name, found.likeness) for track, (_, _, found) in self._known.items() if found}
        return {**grouped, **named}

    def _found(self, track: int, vector: F32) -> tuple[F32, int, Membership | None]:
        known = self._known.get(track)
        if known is not None and known[0] is vector and known[1] == self._groups.version:
            return known
        return vector, self._groups.version, self._groups.look(vector)


class GroupBook:
    """Tells the groups' names, takes new ones, and keeps all on disk. May be used on any thread.

    Args:
        bus: names go out by it, retained.
        topics: of this device.
        groups: whose names.
        state_dir: where the file lies.
        sensor: whose windows they group; "" = what cameras see.
    """

    def __init__(self, bus: Bus, topics: Topics, groups: Groups, state_dir: Path, sensor: str = "") -> None:
        self._bus, self._topics, self._groups = bus, topics, groups
        self._name = sensor or GROUPS
        self._path = state_dir / FOLDER / f"{sensor}.npz" if sensor else state_dir / FILE_NAME
        self._lock = threading.Lock()
        self._told: dict[int, str] = {}
        self._restore()
        self._written, self._written_s, self._renamed = groups.version, time.monotonic(), False

    def heard(self, thing: str, payload: bytes) -> None:
        """Name a group.

        Raises:
            MessageError: there is no such group, or it cannot be called so.
        """
        try:
            name = payload.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MessageError("set: a name must be text in UTF-8") from error
        if not (thing.isdecimal() and len(thing) < 10 and self._groups.rename(int(thing), name)):
            raise MessageError(f"set: there is no such group, or it cannot be called {name[:20]!r}")
        self._renamed = True
        self.tell()

    def tell(self) -> None:
        """Publish the names that are new, and take back those of groups that are no more."""
        with self._lock:
            names = {group.number: group.name for group in self._groups.groups()}
            for number in self._told.keys() - names.keys():
                self._bus.publish(self._topics.state(self._name, str(number)), b"", retain=True)
            for number, name in names.items():
                if self._told.get(number) != name:
                    self._bus.publish(self._topics.state(self._name, str(number)), name.encode(), retain=True)
            self._told = names

    def remember(self, *, now: bool = False) -> None:
        """Write down what is new, where somebody has named a group, or it is time, or `now`."""
        version = self._groups.version
        due = now or self._renamed or time.monotonic() - self._written_s >= WRITE_EVERY_S
        if version == self._written or not due:
            return
        self._renamed = False
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._path, self._groups.state())
        except OSError as error:
            _log.warning("after a restart, groups will stand as they did: %s", error)
        else:
            self._written, self._written_s = version, time.monotonic()

    def _restore(self) -> None:
        try:
            with self._path.open("rb") as file:
                kept = file.read(LARGEST_FILE)
            self._groups.restore(kept)
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            aside = self._path.with_name(self._path.name + DAMAGED)
            _log.warning("%s is of no use (%s); groups begin anew, it is %s now", self._path, error, aside.name)
            try:
                self._path.replace(aside)
            except OSError as failed:
                _log.warning("%s stays where it is: %s", self._path, failed)
