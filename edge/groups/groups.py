"""Groups with numbers and names over the centres: "group 3" until a person says what it is."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from edge.contracts.arrays import ArraysError, pack, unpack
from edge.contracts.inbound import LONGEST_NAME
from edge.contracts.types import F32
from edge.groups.centres import NOBODY, Centres
from edge.groups.settings import GroupSettings

FORM = 1
_ARRAYS = ("mean", "ids", "centre", "count", "members", "used")


@dataclass(frozen=True, slots=True)
class Group:
    """One group as it stands."""

    number: int
    name: str  # "group 3" while nobody has named it
    named: bool
    members: int


@dataclass(frozen=True, slots=True)
class Membership:
    """What a vector belongs to."""

    number: int
    name: str
    likeness: float  # to the nearest centre of the group, 0..1


class Groups:
    """Groups of vectors of one model. May be used on any thread.

    Two groups become one when they are given the same name. A named group is never forgotten, nor split.

    Args:
        settings: how alike things of one group are.
        model: names the model that makes the vectors: those of another one mean something else.
    """

    def __init__(self, settings: GroupSettings, model: str) -> None:
        self._settings, self._model = settings, model
        self._lock = threading.Lock()
        self._centres: Centres | None = None
        self._waiting: list[F32] = []  # until the first groups are formed
        self._number: dict[int, int] = {}  # of the group of each centre that was large enough to be told of
        self._names: dict[int, str] = {}
        self._next = 1
        self.version = 0  # counts up with whatever may change an answer

    def learn(self, vector: F32) -> None:
        """Take in one new thing, as a vector (D,) of length 1; not one of no use: zero, not finite, of another D."""
        if not _usable(vector):
            return
        with self._lock:
            if self._centres is None:
                self._centres = Centres(self._settings, len(vector))
            if len(vector) != len(self._centres.mean):
                return
            self.version += 1
            self._centres.observe(vector)
            if self._centres.seen < self._settings.warm_up:
                self._waiting.append(vector)
                return
            for each in (*self._waiting, vector):
                self._add(self._centres, each)
            self._waiting = []

    def look(self, vector: F32) -> Membership | None:
        """The group that a vector belongs to; None: to none that has members enough."""
        if not _usable(vector):
            return None
        with self._lock:
            centres = self._centres
            if centres is None or not len(centres) or vector.shape != centres.mean.shape:
                return None
            likeness = centres.likeness(vector)
            best = int(likeness.argmax())
            number = self._number.get(int(centres.ids[best]))
            if number is None or not likeness[best] >= self._settings.join:
                return None
            return Membership(number, self._name(number), min(float(likeness[best]), 1.0))

    def rename(self, number: int, name: str) -> bool:
        """Call a group so; the name of another one makes them one group, an empty one takes the name back.

        Returns:
            Whether there is such a group, and the name can be given: printable, `LONGEST_NAME` letters at most.
        """
        name = name.strip()
        with self._lock:
            if number not in self._number.values() or len(name) > LONGEST_NAME or not name.isprintable():
                return False
            self.version += 1
            same = [other for other in self._groups() if other != number and self._name(other) == name]
            for centre in [centre for centre, group in self._number.items() if same and group == number]:
                self._number[centre] = same[0]
            target = same[0] if same else number
            if same:
                self._names.pop(number, None)
            if name and name != f"group {target}":
                self._names[target] = name
            elif not same:
                self._names.pop(number, None)
            return True

    def groups(self) -> list[Group]:
        """All that have members enough, by number."""
        with self._lock:
            centres = self._centres
            if centres is None:
                return []
            members = dict(zip(centres.ids.tolist(), centres.count.tolist(), strict=True))
            return [
                Group(number, self._name(number), number in self._names, round(sum(members[each] for each in mine)))
                for number, mine in sorted(self._groups().items())
            ]

    def state(self) -> bytes:
        """All that is to be kept over a restart."""
        with self._lock:
            centres = self._centres
            about = {
                "form": FORM,
                "model": self._model,
                "number": list(self._number.items()),
                "names": list(self._names.items()),
                "next": [self._next, centres.next_id if centres else 1],
                "seen": centres.seen if centres else 0.0,
                "moves": centres.moves if centres else 0,
            }
            arrays = {name: getattr(centres, name) for name in _ARRAYS} if centres else {}
            if centres:
                arrays["members"] = arrays["members"].astype(np.float16)
                arrays["waiting"] = np.array(self._waiting, np.float32).reshape(-1, len(centres.mean))
        return pack({"about": np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays})

    def restore(self, kept: bytes) -> None:
        """Go on where an earlier run stopped.

        Raises:
            ValueError: it is damaged, of another model or of a newer form; nothing is changed.
        """
        try:
            arrays = unpack(kept)
            about = json.loads(arrays.pop("about").tobytes())
            restored = _restored(self._settings, arrays, about) if arrays else None
            number, names = ({int(key): value for key, value in about[name]} for name in ("number", "names"))
            own_next = int(about["next"][0])
            found = (int(about["form"]), str(about["model"]))
        except (ArraysError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise ValueError(f"damaged: {error}") from error
        if found != (FORM, self._model):
            raise ValueError(f"of another model or form: {found}")
        with self._lock:
            self._centres, self._number, self._names, self._next = restored, number, names, own_next
            self._waiting = list(arrays["waiting"]) if arrays else []
            self.version += 1

    def _add(self, centres: Centres, vector: F32) -> None:
        named = frozenset(centre for centre, group in self._number.items() if group in self._names)
        own, changed = centres.add(vector, named)
        for centre, source in changed.items():
            if source == NOBODY or centre not in centres.ids:
                self._number.pop(centre, None)
        row = int(np.flatnonzero(centres.ids == own)[0])
        if own not in self._number and centres.count[row] >= self._settings.min_members:
            self._number[own] = self._next
            self._next += 1

    def _groups(self) -> Mapping[int, list[int]]:
        """Centres of each group."""
        found: dict[int, list[int]] = {}
        for centre, group in self._number.items():
            found.setdefault(group, []).append(centre)
        return found

    def _name(self, number: int) -> str:
        return self._names.get(number, f"group {number}")


def _usable(vector: F32) -> bool:
    return vector.ndim == 1 and bool(np.isfinite(vector).all()) and bool(vector.any())


def _restored(settings: GroupSettings, arrays: Mapping[str, np.ndarray], about: Mapping[str, object]) -> Centres:
    made = Centres(settings, len(arrays["mean"]))
    for name in _ARRAYS:
        like = getattr(made, name)
        value = arrays[name].astype(like.dtype)
        if value.shape[1:] != like.shape[1:] or (name != "mean" and len(value) != len(arrays["ids"])):
            raise ValueError(f"{name} has the shape {value.shape}")
        setattr(made, name, value)
    made.seen, made.moves = float(cast("float", about["seen"])), int(cast("int", about["moves"]))
    made.next_id = int(cast("list[int]", about["next"])[1])
    return made
