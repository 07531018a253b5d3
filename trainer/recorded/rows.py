"""From rows of a file, one for each sighting, to tracks; what is wrong with a row is told by its line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path

import numpy as np

from trainer.data.problem import Problem, warning
from trainer.recorded.scene import Track

MOST_TOLD = 20  # problems of one file
LONGEST_GAP_S = 3.0  # a track that is away for longer is another one afterwards
LEAST_SAMPLES = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One sighting."""

    line: int
    id: str
    label: str
    t_s: float
    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Trouble:
    """Problems of one file, the first of them in full."""

    path: Path
    told: list[Problem] = field(default_factory=list)
    more: int = 0

    def add(self, line: int, what: str, advice: str) -> None:
        """One more, with the line that it stands in."""
        if len(self.told) < MOST_TOLD:
            self.told.append(Problem(self.path, f"line {line}: {what}", advice))
        else:
            self.more += 1

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, those beyond the first few as a number."""
        if not self.more:
            return tuple(self.told)
        return (
            *self.told,
            Problem(self.path, f"{self.more} more lines like these", "mend the first ones, and look again"),
        )


def numbers(texts: Sequence[str], line: int, trouble: Trouble) -> tuple[float, ...] | None:
    """The fields of a line as finite numbers; None, and a problem, where one is none."""
    values = []
    for place, text in enumerate(texts, 1):
        try:
            value = float(text)
        except ValueError:
            trouble.add(line, f"field {place} is {text!r:.40}, no number", "write a number, or remove the line")
            return None
        if not isfinite(value):
            trouble.add(line, f"field {place} is {text:.40}", "write a finite number, or remove the line")
            return None
        values.append(value)
    return tuple(values)


def tracks_of(rows: Sequence[Row], trouble: Trouble) -> tuple[Track, ...]:
    """Tracks by identity, in pieces where they are away for long; times that come twice are told and left out."""
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    tracks = []
    for identity, mine in by_id.items():
        once = list(_once(sorted(mine, key=lambda row: row.t_s), trouble))
        pieces = list(_pieces(once))
        names = [identity] if len(pieces) == 1 else [f"{identity}.{number}" for number in range(1, len(pieces) + 1)]
        tracks += [
            _track(name, piece) for name, piece in zip(names, pieces, strict=True) if len(piece) >= LEAST_SAMPLES
        ]
    if rows and not tracks:
        trouble.told.append(
            warning(trouble.path, "no track was seen twice", "identities must stay the same from picture to picture")
        )
    return tuple(tracks)


def _once(rows: Sequence[Row], trouble: Trouble) -> Iterator[Row]:
    before: Row | None = None
    for row in rows:
        if before is not None and row.t_s <= before.t_s:
            trouble.add(
                row.line,
                f"track {row.id} was at this time in line {before.line} already",
                "remove one of the two, or give the objects names of their own",
            )
            continue
        yield row
        before = row


def _pieces(rows: Sequence[Row]) -> Iterator[list[Row]]:
    piece: list[Row] = []
    for row in rows:
        if piece and row.t_s - piece[-1].t_s > LONGEST_GAP_S:
            yield piece
            piece = []
        piece.append(row)
    if piece:
        yield piece


def _track(name: str, rows: Sequence[Row]) -> Track:
    labels = [row.label for row in rows]
    return Track(
        id=name,
        label=max(set(labels), key=labels.count),
        t_s=np.array([row.t_s for row in rows]),
        position=np.array([(row.x, row.y) for row in rows]),
        size=np.array([(row.width, row.height) for row in rows]),
    )
