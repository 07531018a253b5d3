"""What one subject has on disk beside its samples: where it stands, and the weights that this names.

Which weights serve is decided by one small file that is replaced as a whole. It names checkpoints by their content;
these are written before they are named, and removed after they are not named any more. So whenever the process is
killed, either the old or the new weights serve.
"""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path

from edge.contracts.stored import Json, Stored
from edge.contracts.types import F32, Head
from edge.learning.checkpoint import (
    ENDING,
    Checkpoint,
    CheckpointError,
    NewerCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from edge.learning.promotion import Terms, Unreadable, after
from edge.learning.standing import EXPORTED, Phase, Standing, resumed

FILE, ASIDE, UNUSED = "standing.json", "aside", ".unused"
MOST_COUNT = 1 << 62
_log = logging.getLogger(__name__)


class Shelf:
    """The folder of one subject.

    Args:
        folder: is made when something is written.
        base_sha256: of the model file.
        head: of the model.
        weights: N of it.
    """

    def __init__(self, folder: Path, base_sha256: str, head: Head, weights: int) -> None:
        self._folder, self._base, self._head, self._numbers = folder, base_sha256, head, weights
        self._stored = Stored(folder / FILE)

    def read(self) -> Standing:
        """Where the subject stands. What was learnt on top of another model is put aside.

        Raises:
            StateError: a newer program wrote it.
        """
        value = self._stored.read()
        if not isinstance(value, Mapping):
            return Standing()
        if value.get("base_sha256") != self._base:
            self._put_aside(str(value.get("base_sha256")))
            return Standing()
        try:
            return resumed(_standing(value))
        except ValueError as error:
            _log.warning("%s: %s; what was learnt is not used", self._folder / FILE, error)
            return Standing()

    def write(self, standing: Standing) -> None:
        """Put it on disk, then remove the checkpoints that it does not name.

        Raises:
            OSError: it is as it was.
        """
        self._stored.write({"base_sha256": self._base, **asdict(standing)})
        for path in self._folder.glob(f"*{ENDING}"):
            if path.name.removesuffix(ENDING) not in standing.names:
                path.unlink(missing_ok=True)

    def put(self, checkpoint: Checkpoint) -> str:
        """Write weights; their name. Raises OSError."""
        return write_checkpoint(self._folder, checkpoint)

    def weights(self, name: str) -> F32:
        """The weights (N,) of this name.

        Raises:
            CheckpointError: they cannot be used.
        """
        found = read_checkpoint(self._folder, name, self._base, self._head).weights.weights
        if len(found) not in self._numbers:
            raise CheckpointError(
                f"{self._folder}: the weights {name[:12]} are {len(found)} numbers, and the model has one of {self._numbers}"
            )
        return found

    def checked(self, standing: Standing) -> Standing:
        """The same without checkpoints that cannot be used; these are put aside.

        Raises:
            NewerCheckpointError: a newer program wrote one of them.
        """
        for name in sorted(standing.names):
            try:
                self.weights(name)
            except NewerCheckpointError:
                raise
            except CheckpointError as error:
                _log.error("%s", error)
                self._unused(name)
                standing = after_unreadable(standing, name)
        return standing

    def _unused(self, name: str) -> None:
        path = self._folder / (name + ENDING)
        try:
            path.replace(path.with_name(path.name + UNUSED))
        except OSError as error:
            _log.warning("%s stays where it is: %s", path, error)

    def _put_aside(self, base_sha256: str) -> None:
        """Move all that belongs to another model into a folder of its own, in place of what lies there."""
        aside = self._folder / ASIDE
        _log.warning(
            "%s: what was learnt is of the model %.12s, and %.12s is loaded; it is in %s now, and learning begins anew",
            self._folder, base_sha256, self._base, aside,
        )  # fmt: skip
        try:
            shutil.rmtree(aside, ignore_errors=True)
            aside.mkdir()
            for path in (self._folder / FILE, *self._folder.glob(f"*{ENDING}")):
                path.replace(aside / path.name)
        except OSError as error:
            _log.warning("%s cannot be put aside whole: %s", self._folder, error)


def after_unreadable(standing: Standing, name: str) -> Standing:
    """Where the subject stands when a checkpoint cannot be used."""
    return after(standing, Unreadable(name), Terms())


def _standing(value: Mapping[str, Json]) -> Standing:
    """Of JSON. Raises ValueError."""
    plain = Standing()
    found: dict[str, object] = {}
    for field in fields(Standing):
        given, wanted = value.get(field.name), type(getattr(plain, field.name))
        if field.name == "phase":
            found[field.name] = Phase(str(given))
        elif type(given) is not wanted or (isinstance(given, int) and not 0 <= given <= MOST_COUNT):
            raise ValueError(f"its {field.name} is {given!r:.40}")
        elif isinstance(given, str) and given != EXPORTED and not (len(given) == 64 and given.isalnum()):
            raise ValueError(f"its {field.name} names no weights")
        else:
            found[field.name] = given
    return Standing(**found)  # type: ignore[arg-type]
