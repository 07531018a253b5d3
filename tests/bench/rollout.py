"""`rollout`: a fleet of simulated devices at a real mosquitto, of which some are sick of what is new.

Two roll-outs by the command itself, its process killed -9 on the way and begun again: one whose threshold is below the
share of the sick, so that it must stop, and one whose threshold is above it, so that it must come to its end. One
device is offline throughout, one of a hundred goes offline now and then. In some of them works the real update machine,
with real releases, at twenty times the speed; the others answer as it does. Harmed
is whom the controller asked after the stop, took back from though it was good, spoke to though it is of no plan, or
asked twice; and of the real machines (`machine_harmed`) each that runs neither version as a whole, was returned though
it is well, or was left on what makes it sick.

`--thresholds`: draws instead how often and after how many failures releases of some true shares are stopped.
"""

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path

from firmware_tools.rollout.standing import State
from firmware_tools.rollout.threshold import enough
from tests.bench.report import parser, show
from tests.rigs.broker import Broker
from tests.rigs.real_devices import RealDevices
from tests.rigs.rollout_draws import draws
from tests.rigs.rollout_trial import Fleet, Outcome, count, drawn_fleet, trial
from tests.rigs.rollouts import names, plan

CANARIES, SOAK_S, GONE_S, DEADLINE_S = 5, 2.0, 10.0, 60.0
THRESHOLD, SHARES = 0.05, (0.025, 0.05, 0.10, 0.20)


def main(argv: list[str]) -> None:
    """Run both."""
    options = parser("rollout", __doc__ or "")
    options.add_argument("--devices", type=int, default=1000, help="in the fleet (%(default)s)")
    options.add_argument("--sick", type=float, default=0.02, help="share of them (%(default)s)")
    options.add_argument("--stops", type=float, default=0.01, help="threshold below that (%(default)s)")
    options.add_argument("--passes", type=float, default=0.04, help="threshold above it (%(default)s)")
    options.add_argument("--real", type=int, default=20, help="of them in which the real update machine works")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--thresholds", action="store_true", help="draw what is stopped, without a fleet")
    given = options.parse_args(argv)
    if given.thresholds:
        _thresholds(given)
        return
    fleet = drawn_fleet(names(given.devices), CANARIES, given.sick, given.seed)
    stopped = _run(fleet, given, given.stops, (CANARIES, 4 * CANARIES))
    passed = _run(fleet, given, given.passes, (CANARIES, given.devices // 10, given.devices // 2))
    figures = {
        "devices": given.devices,
        "stopped_at": stopped.course.asked,
        "harmed": len(stopped.harmed) + len(passed.harmed),
        "machine_harmed": len(stopped.machine_harm.everybody) + len(passed.machine_harm.everybody),
        "why": stopped.course.stopped,
        "sick": len(fleet.sick),
        "sick_asked": len([name for name in fleet.sick if stopped.course.devices[name].wave >= 0]),
        "returned": stopped.returned,
        "taken_back": len(stopped.course.back),
        "to_the_end": _figures(passed),
        "asked_twice": len(stopped.harm.asked_twice) + len(passed.harm.asked_twice),
        "real_machines": given.real,
        "kills": stopped.kills + passed.kills,
    }
    rows = [_row("stops", given.stops, stopped), _row("passes", given.passes, passed)]
    header = ["roll-out", "threshold", "asked", "good", "failed", "returned", "pending", "waves", "harmed", "seconds"]
    show(f"rollout: {given.devices} devices, {len(fleet.sick)} of them sick", header, rows, figures)


def _thresholds(given: argparse.Namespace) -> None:
    least = enough(THRESHOLD)
    drawn = [draws(given.seed, given.devices, share, THRESHOLD, least) for share in SHARES]
    alone = draws(given.seed, given.devices, SHARES[0], THRESHOLD, 1, judged_first=100)
    figures = {f"{share:.1%}": asdict(one) for share, one in zip(SHARES, drawn, strict=True)}
    rows = [[name, *one.values()] for name, one in [*figures.items(), (f"{SHARES[0]:.1%}, share alone", asdict(alone))]]
    header = ["of which fail", "drawn", "stopped", "failures at the stop (median)"]
    title = f"rollout: {given.devices} devices, threshold {THRESHOLD:.0%}"
    show(title, header, rows, {**figures, "share_alone_from_100": asdict(alone)})


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
    told = {word: count(outcome, State(word)) for word in ("good", "failed", "pending")}
    stopped = outcome.course.stopped
    return {"ended": outcome.course.ended, "stopped": stopped, "asked": outcome.course.asked, **told}


def _row(name: str, threshold: float, outcome: Outcome) -> list[object]:
    words = (State.GOOD, State.FAILED)
    cells = [count(outcome, word) for word in words]
    after = [outcome.returned, count(outcome, State.PENDING), len(outcome.course.waves), len(outcome.harmed)]
    return [name, f"{threshold:.1%}", outcome.course.asked, *cells, *after, round(outcome.seconds)]
