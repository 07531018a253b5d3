"""What one subject has on disk beside its samples: where it stands, and the weights that this names.

Which weights serve is decided by one small file that is replaced as a whole. It names checkpoints by their content;
these are written before they are named, and removed after they are not named any more. So whenever the process is
killed, either the old or the new weights serve. Weights that were read or written once are kept in memory as long as
they are named: a machine that cannot read for a moment changes nothing of what serves.
"""

import logging
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from edge.contracts.files import move_aside, unfinished
from edge.contracts.json_fields import Object, below
from edge.contracts.stored import Stored
from edge.contracts.types import F32, Head
from edge.learning.checkpoint import (
    ENDING,
    Checkpoint,
    CheckpointError,
    NewerCheckpointError,
    UnreadableCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from edge.learning.promotion import Terms, Unreadable, after
from edge.learning.standing import EXPORTED, Phase, Standing, resumed
from edge.learning.tally import FILE as LIVE

FILE, ASIDE, UNUSED = "standing.json", "aside", ".unused"
KEPT_UNUSED = 2  # checkpoints that could not be used, the newest: those of a failing card must not fill it
MOST_COUNT = 1 << 62
_OURS = re.compile(rf"{re.escape(FILE)}|{re.escape(LIVE)}|[0-9a-f]{{64}}{re.escape(ENDING)}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Learnt:
    """What was learnt, and what is known of it."""

    numbers: F32  # see `edge.learning.learnt`
    scores: Mapping[str, float]


class Shelf:
    """The folder of one subject.

    Args:
        folder: is made when something is written.
        base_sha256: of the model file.
        head: of the model.
        sizes: how many numbers what was learnt may have.
    """

    def __init__(self, folder: Path, base_sha256: str, head: Head, sizes: Sequence[int]) -> None:
        self._folder, self._base, self._head, self._sizes = folder, base_sha256, head, sizes
        self._stored = Stored(folder / FILE)
        self._known: dict[str, Learnt] = {}  # by name

    def read(self) -> Standing:
        """Where the subject stands. What was learnt on top of another model is put aside.

        Raises:
            StateError: a newer program wrote it.
            OSError: it cannot be read now, or not be put aside; nothing is lost, try again later.
        """
        value = self._stored.read_or_raise()
        if value is None:
            return Standing()
        try:
            told = below(value, "the standing")
            if told.get("base_sha256") != self._base:
                self._put_aside(str(told.get("base_sha256")))
                return Standing()
            return resumed(_standing(told))
        except ValueError as error:
            self._stored.put_aside(error)
            return Standing()

    def write(self, standing: Standing) -> None:
        """Put it on disk, then remove the checkpoints that it does not name.

        Raises:
            OSError: it is as it was.
        """
        self._stored.write({"base_sha256": self._base, **asdict(standing)})
        self._known = {name: learnt for name, learnt in self._known.items() if name in standing.names}
        _remove(self._unnamed(standing))

    def put(self, checkpoint: Checkpoint) -> str:
        """Write weights; their name. Raises OSError."""
        name = write_checkpoint(self._folder, checkpoint)
        self._known[name] = Learnt(checkpoint.weights.weights.copy(), checkpoint.scores)
        return name

    def learnt(self, name: str) -> Learnt:
        """What was learnt, of this name.

        Raises:
            CheckpointError: they cannot be used.
        """
        if name not in self._known:
            read = read_checkpoint(self._folder, name, self._base, self._head, max(self._sizes))
            found = Learnt(read.weights.weights, read.scores)
            if len(found.numbers) not in self._sizes:
                raise CheckpointError(
                    f"{self._folder}: the weights {name[:12]} are {len(found.numbers)} numbers, and the model learns "
                    f"{' or '.join(map(str, self._sizes))}"
                )
            self._known[name] = found
        return self._known[name]

    def checked(self, standing: Standing) -> Standing:
        """The same without checkpoints that cannot be used; these are put aside.

        Raises:
            NewerCheckpointError: a newer program wrote one of them.
            UnreadableCheckpointError: one of them cannot be read now; nothing was moved, try again later.
        """
        for name in sorted(standing.names):
            try:
                self.learnt(name)
            except (NewerCheckpointError, UnreadableCheckpointError):
                raise
            except CheckpointError as error:
                _log.error("%s", error)
                self._unused(name)
                standing = after_unreadable(standing, name)
        return standing

    def tidy(self, standing: Standing) -> None:
        """Remove what a killed process left: checkpoints that were not named, files that were not finished.

        Only for the one who writes here, before he does. Files that others put here stay.
        """
        _remove(self._unnamed(standing))
        _remove(self._litter())

    def _unnamed(self, standing: Standing) -> Iterator[Path]:
        for path in self._folder.glob(f"*{ENDING}"):
            if _OURS.fullmatch(path.name) and path.name.removesuffix(ENDING) not in standing.names:
                yield path

    def _litter(self) -> Iterator[Path]:
        yield from unfinished(self._folder, _OURS.fullmatch)
        unused = sorted(self._folder.glob(f"*{ENDING}{UNUSED}"), key=lambda path: path.lstat().st_mtime_ns)
        yield from unused[:-KEPT_UNUSED]

    def _unused(self, name: str) -> None:
        path = self._folder / (name + ENDING)
        try:
            move_aside(path, path.with_name(path.name + UNUSED))
        except FileNotFoundError:
            return  # there is nothing to keep
        except OSError as error:
            _log.warning("%s stays where it is: %s", path, error)

    def _put_aside(self, base_sha256: str) -> None:
        """Move all that belongs to another model into a folder of its own, in place of what lies there.

        The standing goes last: killed before that, the rest goes at the next start.
        """
        aside = self._folder / ASIDE
        _log.warning(
            "%s: what was learnt is of the model %.12s, and %.12s is loaded; it goes to %s, and learning begins anew",
            self._folder, base_sha256, self._base, aside,
        )  # fmt: skip
        if (aside / FILE).exists():
            shutil.rmtree(aside)
        aside.mkdir(exist_ok=True)
        for path in (*self._folder.glob(f"*{ENDING}"), self._folder / FILE):
            move_aside(path, aside / path.name)


def _remove(paths: Iterable[Path]) -> None:
    """What cannot be removed now is told of, and stays until the next time."""
    try:
        found = list(paths)
    except OSError as error:
        _log.warning("it cannot be seen now what is not needed any more: %s", error)
        return
    for path in found:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("%s is not needed any more and cannot be removed: %s", path, error)


def after_unreadable(standing: Standing, name: str) -> Standing:
    """Where the subject stands when a checkpoint cannot be used."""
    return after(standing, Unreadable(name), Terms())


def _standing(value: Object) -> Standing:
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
