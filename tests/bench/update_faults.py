"""`update-faults`: the update machine, ended at every step by which it changes its disk, and given bad releases.

Edges: a process runs the machine with releases that real keys signed. It is ended before each step by which it changes
a disk (every file that is made, renamed, removed, synchronised, every piece of a download): by `kill -9`, on a folder;
and by cutting the power of an ext4 on a disk with a volatile write cache (nbdkit, nbdfuse, a loop device), where all
that nobody synchronised is lost, or any part of it, or what the kernel was just writing, or what remained after a
`kill -9`. Then a daemon starts from what is left. A life counts as mixed where it does not serve the old or the new,
each whole; where it has forgotten what it had acted upon; where something barred serves; or where it does not come to
the end that it had come to undisturbed. `mutants` are the same with synchronising left out on purpose: that they are
seen is what the zero of `mixed` is worth.
"""

import argparse
import importlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.report import Figures, parser, print_table, show
from tests.rigs.updating.media import Card, Folder
from tests.rigs.updating.power import powered
from tests.rigs.updating.series import KILL, LATER, LOST, TORN, TWICE, Lives, Outcome, Plan
from tests.rigs.updating.stories import STORIES

MUTANTS = ("file", "folder")
BAD_TARGETS = "tests.bench.update_bad_targets"  # its `run(count, seed)` gives bad_targets, installed, and more
HEADER = ["story", "steps", "way", "lives ended", "mixed"]


def main(argv: list[str]) -> None:
    """Run the parts that are asked for."""
    options = parser("update-faults", __doc__ or "")
    options.add_argument("--part", choices=["all", *PARTS], default="all")
    options.add_argument("--every", type=int, default=1, help="step at which lives are ended (%(default)s)")
    options.add_argument("--targets", type=int, default=1000, help="bad ones (%(default)s)")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args(argv)
    figures: dict[str, object] = {}
    for name, part in PARTS.items():
        if given.part in ("all", name):
            figures.update(part(given))
    show("update-faults", ["figure", "value"], [[name, str(value)] for name, value in figures.items()], figures)


def edges(given: argparse.Namespace) -> Figures:
    """Lives ended at every step."""
    counted: list[list[object]] = []
    with lives(on_card=False) as killed:
        rows, mixed_killed, ended_killed = _series(killed, Plan((KILL,), every=given.every))
        counted += rows
    with lives(on_card=True) as cut:
        plan = Plan((LOST,), (TORN, LATER, TWICE), given.every)
        rows, mixed_cut, ended_cut = _series(cut, plan)
        counted += rows
        steps, kinds = sum(cut.edges.values()), dict(cut.kinds)
    print_table("update-faults: lives that were ended", HEADER, counted)
    print_table("steps of lives that nothing ended", ["step", "times"], [list(pair) for pair in sorted(kinds.items())])
    return {
        "edges": steps,
        "lives_killed": ended_killed,
        "lives_cut": ended_cut,
        "mixed": mixed_killed + mixed_cut,
        "mutants": {lazy: _mutant(lazy) for lazy in MUTANTS},
    }


def bad(given: argparse.Namespace) -> Figures:
    """Bad releases."""
    return importlib.import_module(BAD_TARGETS).run(given.targets, given.seed)


PARTS: Mapping[str, Callable[[argparse.Namespace], Figures]] = {"edges": edges, "bad": bad}


@contextmanager
def lives(*, on_card: bool, lazy: str = "") -> Iterator[Lives]:
    """On a folder, or on a disk whose power can be cut."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as told:
        folder = Path(told)
        (folder / "medium").mkdir()
        (folder / "lives").mkdir()
        if not on_card:
            with Lives(folder / "lives", Folder(folder / "medium"), lazy) as found:
                yield found
            return
        with powered(folder / "medium") as disk, Lives(folder / "lives", Card(disk), lazy) as found:
            yield found


def _series(found: Lives, plan: Plan) -> tuple[list[list[object]], int, int]:
    """Rows, how many were mixed, how many were ended."""
    ended, mixed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome in found.series(list(STORIES), plan):
        ended[outcome.story, outcome.mode] += 1
        mixed[outcome.story, outcome.mode] += bool(outcome.faults)
        _tell(outcome)
    rows: list[list[object]] = [
        [story, found.edges[story], mode, count, mixed[story, mode]] for (story, mode), count in ended.items()
    ]
    return rows, mixed.total(), ended.total()


def _mutant(lazy: str) -> int:
    """Mixed lives where something is not synchronised: only right after something was said, which is enough."""
    with lives(on_card=True, lazy=lazy) as found:
        return sum(bool(outcome.faults) for outcome in found.series(["sick"], Plan((LOST,), at_words=True)))


def _tell(outcome: Outcome) -> None:
    if outcome.faults:
        print("MIXED", outcome)
