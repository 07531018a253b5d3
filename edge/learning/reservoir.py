"""The samples of one subject: bounded, on disk, divided into what is learnt from and what is judged by.

What `add` has counted as stored is on disk, whenever the process is killed; it goes only by the rules of what is kept.
"""

import logging
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.contracts.database import transaction
from edge.contracts.errors import ConfigError
from edge.contracts.sqlite_file import is_damage
from edge.learning.division import Part, part_of, stayed
from edge.learning.keeping import Age, Keeping, Moves
from edge.learning.packing import body_bytes
from edge.learning.sample import Batch, Sample, Shapes, fits, stacked
from edge.learning.samples_file import ROW_BYTES, SamplesFile, begin_anew, open_samples
from edge.learning.settings import LearningSettings

MOST_NAME = 200  # characters of a group or a kind
MB, FILLED = 1 << 20, 0.6  # share of the file that samples may fill; the rest is for what changes
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of samples that were offered."""

    stored: int  # on disk now
    left_out: int  # they would have been seen on both sides
    refused: int  # of other shapes, or with what is no finite number
    lost: int  # the disk does not take them


class Reservoir:
    """Samples of one subject. Not thread-safe.

    Args:
        path: of the database; its folder is made.
        shapes: of every sample.
        form: what the arrays mean; samples of another form are thrown away.
        span_s: the longest sample.
        settings: how much is kept, and what share is to judge; where that is less than it was, the rest goes.
        seed: of all chance.

    Raises:
        ConfigError: a newer program wrote it, or the path cannot be used.
        sqlite3.Error, OSError: the disk is full or failing; try again later.
    """

    def __init__(
        self, path: Path, shapes: Shapes, form: str, span_s: float, settings: LearningSettings, seed: int = 1
    ) -> None:
        self._path, self._shapes, self._form, self._span_s = path, shapes, form, span_s
        self._share, self._limit_bytes = settings.holdout, int(settings.max_mb * MB)
        self._keeping = Keeping(capacity(settings, shapes), random.Random(seed))
        self._seen = 0
        self.trouble = ""  # why the disk takes no samples, else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: SamplesFile | None = None
        self._open()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    @property
    def seen(self) -> int:
        """How many samples were ever stored."""
        return self._seen

    def count(self, part: Part, age: Age) -> int:
        """How many are kept."""
        return self._keeping.count(part, age)

    def add(self, samples: Sequence[Sample]) -> Added:
        """Store samples, all in one transaction; they are on disk when this returns."""
        sound = [one for one in samples if fits(one, self._shapes)]
        refused = len(samples) - len(sound)
        if not sound:
            return Added(0, 0, refused, 0)
        try:
            file = self._file or self._open()
            with transaction(file.database):
                stored = sum(self._add(file, sample) for sample in sound)
        except (sqlite3.Error, OSError, ConfigError) as error:
            self._fail(error)
            return Added(0, 0, refused, len(sound))
        self._seen += stored
        if self.trouble:
            _log.warning("%s: samples are stored again", self._path)
            self.trouble = ""
        return Added(stored, len(sound) - stored, refused, 0)

    def read(self, part: Part, age: Age, most: int = 1 << 30) -> Batch:
        """The newest of them, oldest first. Those that a bad disk has changed are left out. Raises sqlite3.Error."""
        share = self._keeping.stands_for(part) if age is Age.OLD else {}
        return stacked(self._opened().read(part, age, most), self._shapes, share)

    def clear(self) -> None:
        """Forget all samples. Raises sqlite3.Error."""
        file = self._opened()
        with transaction(file.database):
            file.clear()
        self._count(file)

    def _opened(self) -> SamplesFile:
        if self._file is None:
            raise sqlite3.OperationalError(f"{self._path} could not be opened again: {self.trouble}")
        return self._file

    def _open(self) -> SamplesFile:
        """Open the file, and bring what lies there to what is asked for now."""
        file = open_samples(self._path, self._shapes, self._limit_bytes)
        try:
            self._belong(file)
            self._count(file)
            self._fit(file)
        except BaseException:
            file.close()
            raise
        self._file = file
        return file

    def _belong(self, file: SamplesFile) -> None:
        """Samples of another model go; where the division is another one, those that are of another part now."""
        division = f"{self._span_s} {self._share}"
        form, divided = file.belongs()
        if (form, divided) == (self._form, division):
            return
        with transaction(file.database):
            if form not in ("", self._form):
                _log.warning("%s: its samples are for another model and are forgotten", self._path)
                file.clear()
            gone = [seq for seq, part, begin_s, end_s in file.times() if self._part(begin_s, end_s) is not part]
            file.change(Moves(gone=gone))
            file.belong(self._form, division)

    def _fit(self, file: SamplesFile) -> None:
        """Where less may be kept than lies there, the rest goes; what a full disk does not let go, goes later."""
        try:
            with transaction(file.database):
                file.change(self._keeping.settled())
            file.shrink()
        except sqlite3.Error as error:
            if is_damage(error):
                raise
            _log.warning("%s: cannot be made smaller now: %s", self._path, error)
            self._count(file)

    def _count(self, file: SamplesFile) -> None:
        """What is kept, as the file says."""
        self._keeping.begin(file.kept(), file.ever())
        self._seen = file.seen

    def _add(self, file: SamplesFile, sample: Sample) -> int:
        part, group = self._part(sample.begin_s, sample.end_s), sample.group[:MOST_NAME]
        if part is None or not self._stays(file, group, part, sample):
            return 0
        kind = self._keeping.kind(part, sample.stratum[:MOST_NAME])
        file.change(self._keeping.arrived(file.put(sample, part, kind, group), part, kind))
        return 1

    def _stays(self, file: SamplesFile, group: str, part: Part, sample: Sample) -> bool:
        """Whether a sample's group is of this part, or can be from now on."""
        if not group:
            return True
        stay = file.stay(group)
        now = stayed(stay, part, sample.begin_s, sample.end_s, self._span_s, self._share)
        if now is not None and now != stay:
            file.stays(group, now)
        return now is not None

    def _part(self, begin_s: float, end_s: float) -> Part | None:
        return part_of(begin_s, end_s, self._span_s, self._share)

    def _fail(self, error: Exception) -> None:
        """The disk does not take samples: say so once, and go on with those that there are.

        A file that cannot even be read is closed; the next samples open it again, or a new one.
        """
        if not self.trouble:
            _log.error("%s: samples are lost until the disk takes them again: %s", self._path, error)
        self.trouble = str(error) or type(error).__name__
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if isinstance(error, sqlite3.Error) and is_damage(error):
                file.close()
                begin_anew(self._path, str(error))
                self._open()
            else:
                self._count(file)
                self._file = file
        except (sqlite3.Error, OSError, ConfigError) as again:
            self.trouble = f"{self.trouble}; {again}"
            file.close()
            self._keeping.begin((), {})


def capacity(settings: LearningSettings, shapes: Shapes) -> dict[Part, int]:
    """How many samples of each part are kept."""
    most = int(settings.max_mb * MB * FILLED) // (ROW_BYTES + body_bytes(shapes))
    kept = max(min(settings.samples, most), 8)
    judged = max(round(kept * settings.holdout), 2)
    return {Part.LEARN: kept - judged, Part.JUDGE: judged}
