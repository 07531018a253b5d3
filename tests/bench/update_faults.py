"""`update-faults`: the update machine, ended at every step by which it changes its disk, and given bad releases.

Edges: a process runs the machine with releases that real keys signed. It is ended before each step by which it changes
a disk (every file that is made, renamed, removed, synchronised, every piece of a download): by `kill -9`, on a folder;
and by cutting the power of an ext4 on a disk with a volatile write cache (nbdkit, nbdfuse, a loop device), where all
that nobody synchronised is lost, or any part of it, or what the kernel was just writing, or what remained after a
`kill -9`. Then a daemon starts from what is left. A life counts as mixed where it does not serve the old or the new,
each whole; where it has forgotten what it had acted upon; where something barred serves; or where it does not come to
the end that it had come to undisturbed. `mutants_mixed` are such lives with synchronising left out on purpose: that
they are seen is what the zero of `mixed` is worth.
"""

import argparse
import importlib
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from tests.bench.report import Figures, parser, print_table, show
from tests.rigs.updating.series import KILL, LATER, LOST, TORN, TWICE, Lives, Outcome, Plan, lives
from tests.rigs.updating.stories import STORIES

BAD_TARGETS = "tests.bench.update_bad_targets"  # its `run(count, seed)` gives bad_targets, installed, and more
HEADER = ["story", "steps", "way", "lives ended", "mixed"]


def main(argv: list[str]) -> None:
    """Run the parts that are asked for."""
    options = parser("update-faults", __doc__ or "")
    options.add_argument("--part", choices=[*GROUPS, *PARTS], default="all", help="(%(default)s)")
    options.add_argument("--every", type=int, default=1, help="step at which lives are ended (%(default)s)")
    options.add_argument("--targets", type=int, default=1000, help="bad ones (%(default)s)")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that no disk stays behind
    figures: dict[str, object] = {}
    mixed = 0
    for name in GROUPS.get(given.part, (given.part,)):
        found = dict(PARTS[name](given))
        mixed += int(str(found.pop("mixed", 0)))
        figures |= {"mixed": mixed, **found}
    show("update-faults", ["figure", "value"], [[name, str(value)] for name, value in figures.items()], figures)


def killed(given: argparse.Namespace) -> Figures:
    """Before every step, by `kill -9`."""
    with lives(on_card=False) as found:
        mixed, ended = _series(found, Plan((KILL,), every=given.every))
        print_table("steps of lives that nothing ended", ["step", "times"], [[*pair] for pair in found.kinds.items()])
        return {"edges": sum(found.edges.values()), "lives_killed": ended, "mixed": mixed}


def cut(given: argparse.Namespace) -> Figures:
    """Before every step, by the power: everything that was not synchronised is lost, or, at every third, a part."""
    with lives(on_card=True) as found:
        mixed, ended = _series(found, Plan((LOST,), (TORN, LATER, TWICE), given.every, seldom=3))
        return {"edges": sum(found.edges.values()), "lives_cut": ended, "mixed": mixed}


def mutants(given: argparse.Namespace) -> Figures:
    """Mixed lives where something is not synchronised: only right after something was said, which is enough."""
    seen = {}
    for lazy in ("file", "folder"):
        with lives(on_card=True, lazy=lazy) as found:
            plan = Plan((LOST,), at_words=True)
            seen[lazy] = sum(bool(outcome.faults) for outcome in found.series(["sick"], plan))
    return {"mutants_mixed": seen}


def bad(given: argparse.Namespace) -> Figures:
    """Bad releases."""
    return importlib.import_module(BAD_TARGETS).run(given.targets, given.seed)


PARTS: Mapping[str, Callable[[argparse.Namespace], Figures]] = {
    "killed": killed,
    "cut": cut,
    "mutants": mutants,
    "bad": bad,
}
GROUPS: Mapping[str, Sequence[str]] = {"all": tuple(PARTS), "edges": ("killed", "cut", "mutants")}


def _series(found: Lives, plan: Plan) -> tuple[int, int]:
    """How many were mixed, how many were ended; the table is printed."""
    ended, mixed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome in found.series(list(STORIES), plan):
        ended[outcome.story, outcome.mode] += 1
        mixed[outcome.story, outcome.mode] += bool(outcome.faults)
        _tell(outcome)
    rows: list[list[object]] = [
        [story, found.edges[story], mode, count, mixed[story, mode]] for (story, mode), count in ended.items()
    ]
    print_table("update-faults: lives that were ended", HEADER, rows)
    return mixed.total(), ended.total()


def _tell(outcome: Outcome) -> None:
    if outcome.faults:
        print("MIXED", outcome, flush=True)
