"""Bad targets by the hundred through the chain of a device, of which none may serve: a part of `update-faults`.

Each is refused with a reason; the reason must be the one that belongs to its kind. Good targets go the same way before
and between, and must serve.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bench.report import print_table
from tests.rigs.updating.bad_targets import KINDS, Outcome, Range, plan


def run(count: int, seed: int) -> dict[str, object]:
    """Figures of so many bad targets; the table of reasons is printed.

    `installed` are bad ones that served, even for a moment; `other_reasons` were refused for what is not their fault;
    `controls` and `controls_installed` are good ones.
    """
    with tempfile.TemporaryDirectory(prefix="foresight-bad-targets-") as folder:
        range_ = Range(Path(folder), seed)
        controls = range_.controls()
        outcomes = list(range_.attacked(plan(count)))
    print_table("bad targets", ["kind", "of them", "installed", "refused as"], _rows(outcomes))
    for outcome in outcomes:
        if not outcome.right:
            print(f"NOT AS EXPECTED {outcome}", file=sys.stderr)
    return {
        "bad_targets": len(outcomes),
        "installed": sum(outcome.installed for outcome in outcomes),
        "other_reasons": sum(not outcome.right and not outcome.installed for outcome in outcomes),
        "kinds": len({outcome.kind for outcome in outcomes}),
        "controls": len(controls),
        "controls_installed": sum(outcome.installed for outcome in controls),
        "reasons": dict(sorted(Counter(outcome.reason for outcome in outcomes).items())),
    }


def _rows(outcomes: Sequence[Outcome]) -> list[list[object]]:
    rows: list[list[object]] = []
    for kind in KINDS:
        mine = [outcome for outcome in outcomes if outcome.kind == kind]
        reasons = Counter(outcome.reason for outcome in mine)
        told = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
        if mine:
            rows.append([kind, len(mine), sum(outcome.installed for outcome in mine), told])
    return rows
