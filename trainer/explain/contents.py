"""What the page of `explain` is made of."""

from dataclasses import dataclass

from edge.contracts.types import U8
from trainer.report.contents import Pair, Table


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One drawn picture: `name` is a file name without suffix, `text` what it shows, in words."""

    name: str
    text: str
    pixels: U8  # (h, w, 3) BGR


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A heading, what to look for, and the pictures to see it in; narrow ones stand side by side."""

    title: str
    text: tuple[str, ...]
    shots: tuple[Shot, ...]
    narrow: bool


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """All of the page."""

    title: str
    subtitle: str
    notes: tuple[str, ...]  # what a reader must know before he trusts it
    figures: tuple[Pair, ...]
    sections: tuple[Section, ...]
    table: Table
    particulars: tuple[Pair, ...]
