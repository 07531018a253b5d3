"""`update-faults`: the update machine, ended at every step by which it changes its disk, and given bad releases.

Edges: a process runs the machine with releases that real keys signed. It is ended before each step by which it changes
a disk (every file that is made, renamed, removed, synchronised, every piece of a download): by `kill -9`, on a folder;
and by cutting the power of an ext4 on a disk with a volatile write cache (nbdkit, nbdfuse, a loop device), where all
that nobody synchronised is lost, or any part of it, or what the kernel was just writing, or what remained after a
`kill -9`. Then a daemon starts from what is left. A life counts as mixed where it does not serve the old or the new,
each whole; where it has forgotten what it had acted upon; where something blocked serves; or where it does not come to
the end that it had come to undisturbed. `mutants_mixed` are such lives with synchronising left out on purpose: that
they are seen is what the zero of `mixed` is worth. A life that was to be ended and was not (`unended`) shows nothing:
the benchmark then ends with exit code 1.

Bad: releases of every kind through the chain of a device, good ones before and between (`update_bad_targets`).

Last line: `edges`, `mixed`, `unended`, `bad_targets`, `installed`, each the sum over the parts that know of it, and the
parts with all their figures by name. `edges` of a part are the steps before which lives were ended.
"""

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.bench import update_bad_targets
from tests.bench.report import Figures, parser, print_table, show
from tests.rigs.updating.series import KILL, LATER, LOST, TORN, TWICE, Lives, Outcome, Plan, lives
from tests.rigs.updating.stories import STORIES

SUMMED = ("edges", "mixed", "unended", "bad_targets", "installed")
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
    parts = {name: PARTS[name](given) for name in GROUPS.get(given.part, (given.part,))}
    sums = summed(parts)
    rows: list[list[object]] = [[f"{name}.{key}", str(value)] for name in parts for key, value in parts[name].items()]
    show("update-faults", ["figure", "value"], [*([name, value] for name, value in sums.items()), *rows], sums | parts)
    if sums.get("unended"):
        sys.exit(1)


def summed(parts: Mapping[str, Figures]) -> dict[str, object]:
    """The figures of the last line that several parts may know of."""
    known = {key: [part[key] for part in parts.values() if key in part] for key in SUMMED}
    return {key: sum(value for value in values if isinstance(value, int)) for key, values in known.items() if values}


def killed(given: argparse.Namespace) -> Figures:
    """Before every step, by `kill -9`."""
    with lives(on_card=False) as found:
        tally = _series(found, Plan((KILL,), every=given.every))
        print_table("steps of lives that nothing ended", ["step", "times"], [[*pair] for pair in found.kinds.items()])
        return {"lives_killed": tally.ended.total(), **tally.figures()}


def cut(given: argparse.Namespace) -> Figures:
    """Before every step, by the power: everything that was not synchronised is lost, or, at every third, a part."""
    with lives(on_card=True) as found:
        tally = _series(found, Plan((LOST,), (TORN, LATER, TWICE), given.every, seldom=3))
        return {"lives_cut": tally.ended.total(), **tally.figures()}


def mutants(given: argparse.Namespace) -> Figures:
    """Mixed lives where something is not synchronised: only right after something was said, which is enough."""
    seen, unended = {}, 0
    for lazy in ("file", "folder"):
        with lives(on_card=True, lazy=lazy) as found:
            plan = Plan((LOST,), at_words=True)
            outcomes = list(found.series(["sick"], plan))
        seen[lazy] = sum(outcome.killed and bool(outcome.faults) for outcome in outcomes)
        unended += sum(not outcome.killed for outcome in outcomes)
    return {"mutants_mixed": seen, "unended": unended}


def bad(given: argparse.Namespace) -> Figures:
    """Bad releases."""
    return update_bad_targets.run(given.targets, given.seed)


PARTS: Mapping[str, Callable[[argparse.Namespace], Figures]] = {
    "killed": killed,
    "cut": cut,
    "mutants": mutants,
    "bad": bad,
}
GROUPS: Mapping[str, Sequence[str]] = {"all": tuple(PARTS), "edges": ("killed", "cut", "mutants")}


@dataclass
class Tally:
    """Lives by story and way."""

    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    mixed: Counter[tuple[str, str]] = field(default_factory=Counter)
    edges: set[tuple[str, int]] = field(default_factory=set)  # before which one was ended
    unended: int = 0

    def add(self, outcome: Outcome) -> None:
        """One that nothing ended counts as nothing else."""
        if not outcome.killed:
            self.unended += 1
            return
        self.ended[outcome.story, outcome.mode] += 1
        self.mixed[outcome.story, outcome.mode] += bool(outcome.faults)
        self.edges.add((outcome.story, outcome.edge))

    def figures(self) -> Figures:
        return {"edges": len(self.edges), "mixed": self.mixed.total(), "unended": self.unended}


def _series(found: Lives, plan: Plan) -> Tally:
    """Of all stories; the table is printed."""
    tally = Tally()
    for outcome in found.series(list(STORIES), plan):
        tally.add(outcome)
        _tell(outcome)
    rows: list[list[object]] = [
        [story, found.edges[story], mode, count, tally.mixed[story, mode]]
        for (story, mode), count in tally.ended.items()
    ]
    print_table("update-faults: lives that were ended", HEADER, rows)
    return tally


def _tell(outcome: Outcome) -> None:
    if not outcome.killed:
        print("NOT ENDED", outcome, flush=True)
    elif outcome.faults:
        print("MIXED", outcome, flush=True)
