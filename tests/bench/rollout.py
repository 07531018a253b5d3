"""`rollout`: a fleet of simulated devices at a real mosquitto, of which some are sick of what is new.

Two roll-outs by the command itself, its process killed -9 on the way and begun again: one whose threshold is below the
share of the sick, so that it must stop, and one whose threshold is above it, so that it must come to its end. One
device is offline throughout, one of a hundred goes offline now and then. In some of them works the real update machine,
with real releases, at twenty times the speed; the others answer as it does. A device is harmed where it runs neither
version afterwards, was asked after the stop, was returned though it is well, or was left on what makes it sick.
"""

import argparse
import tempfile
from pathlib import Path

from firmware_tools.rollout.standing import Word
from firmware_tools.rollout.threshold import enough
from tests.bench.report import parser, show
from tests.rigs.broker import Broker
from tests.rigs.real_devices import RealDevices
from tests.rigs.rollout_trial import Fleet, Outcome, count, drawn_fleet, trial
from tests.rigs.rollouts import names, plan

CANARIES, SOAK_S, GONE_S, DEADLINE_S = 5, 2.0, 10.0, 60.0


def main(argv: list[str]) -> None:
    """Run both."""
    options = parser("rollout", __doc__ or "")
    options.add_argument("--devices", type=int, default=1000, help="in the fleet (%(default)s)")
    options.add_argument("--sick", type=float, default=0.02, help="share of them (%(default)s)")
    options.add_argument("--stops", type=float, default=0.01, help="threshold below that (%(default)s)")
    options.add_argument("--passes", type=float, default=0.04, help="threshold above it (%(default)s)")
    options.add_argument("--real", type=int, default=20, help="of them in which the real update machine works")
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args(argv)
    fleet = drawn_fleet(names(given.devices), CANARIES, given.sick, given.seed)
    stopped = _run(fleet, given, given.stops, (CANARIES, 4 * CANARIES))
    passed = _run(fleet, given, given.passes, (CANARIES, given.devices // 10, given.devices // 2))
    figures = {
        "devices": given.devices,
        "stopped_at": stopped.course.asked,
        "harmed": len(stopped.harmed) + len(passed.harmed),
        "why": stopped.course.stopped,
        "sick": len(fleet.sick),
        "sick_asked": len([name for name in fleet.sick if stopped.course.devices[name].wave >= 0]),
        "returned": stopped.returned,
        "taken_back": len(stopped.course.back),
        "to_the_end": _figures(passed),
        "asked_twice": len(stopped.asked_twice) + len(passed.asked_twice),
        "real_machines": given.real,
        "kills": stopped.kills + passed.kills,
    }
    rows = [_row("stops", given.stops, stopped), _row("passes", given.passes, passed)]
    header = ["roll-out", "threshold", "asked", "good", "failed", "returned", "pending", "waves", "harmed", "seconds"]
    show(f"rollout: {given.devices} devices, {len(fleet.sick)} of them sick", header, rows, figures)


def _run(fleet: Fleet, given: argparse.Namespace, threshold: float, kill_at: tuple[int, ...]) -> Outcome:
    with tempfile.TemporaryDirectory() as home, Broker() as broker:
        size = len(fleet.natures)
        quick = plan(
            size,
            broker.port,
            CANARIES,
            threshold=threshold,
            least=enough(threshold),
            soak_s=SOAK_S,
            gone_s=GONE_S,
            deadline_s=DEADLINE_S,
        )
        real = RealDevices(Path(home) / "devices", _real(fleet, given.real), fleet.sick)
        return trial(Path(home) / "rollouts", broker, quick, fleet, kill_at, real.make)


def _real(fleet: Fleet, count: int) -> list[str]:
    """Two canaries, a quarter of the sick or so, and others throughout; none that is never there."""
    some = list(fleet.natures)
    sick = [name for name in some if name in fleet.sick][: count // 4]
    others = [name for name in some[2 :: max(1, len(some) // (2 * count))] if name not in {*fleet.offline, *sick}]
    return [*some[:2], *sick, *others][:count]


def _figures(outcome: Outcome) -> dict[str, object]:
    told = {word: count(outcome, Word(word)) for word in ("good", "failed", "pending")}
    stopped = outcome.course.stopped
    return {"ended": outcome.course.ended, "stopped": stopped, "asked": outcome.course.asked, **told}


def _row(name: str, threshold: float, outcome: Outcome) -> list[object]:
    words = (Word.GOOD, Word.FAILED)
    cells = [count(outcome, word) for word in words]
    after = [outcome.returned, count(outcome, Word.PENDING), len(outcome.course.waves), len(outcome.harmed)]
    return [name, f"{threshold:.1%}", outcome.course.asked, *cells, *after, round(outcome.seconds)]
