"""`python -m tests.bench arm`: the device's wheels under emulated Arm processors.

Model files answer beside this machine, and the tests of the edge run. It is slow (an hour of one core or more for each
processor's whole suite), so what was done is kept and gone on with: `--out` holds the logs of each processor. Seconds
say nothing of a real board and are not shown.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.report import parser, show
from tests.paths import REPOSITORY
from tests.rigs.arm.asking import ask_here, asked
from tests.rigs.arm.choosing import edge_tests, model_tests
from tests.rigs.arm.comparing import Compared, compared
from tests.rigs.arm.models import gather
from tests.rigs.arm.outputs import Golden, Kind
from tests.rigs.arm.places import cache
from tests.rigs.arm.running import CPUS, Guest, guest
from tests.rigs.arm.suite import run_suite
from tests.rigs.arm.told import read_logs

SUITES: dict[str, Callable[[Path], list[str]]] = {"none": lambda _root: [], "models": model_tests, "all": edge_tests}
MODELS = "models"
BATCH = 10  # files that one process imports and runs


def main(argv: list[str]) -> None:
    """Ask the models, run the tests, show both."""
    asked_for = options().parse_args(argv)
    out: Path = asked_for.out
    gather(out / MODELS, asked_for.data, asked_for.more)
    files = SUITES[asked_for.suite](asked_for.tree)
    rows: list[list[object]] = []
    figures: dict[str, dict[str, object]] = {}
    with guest(out, asked_for.tree, asked_for.data) as made:
        here = ask_here(out / MODELS, out / "here.npz")
        for cpu in asked_for.cpus:
            found = compared(here, asked(made, cpu, MODELS))
            figures[cpu] = answers(found)
            rows += [
                [cpu, one.name, one.kind, one.equal, one.apart, one.learnt_apart, one.golden, one.steps]
                for one in found
            ]
        for cpu in asked_for.cpus:
            figures[cpu] |= tested(made, cpu, files, asked_for.hours, asked_for.workers)
    header = ["processor", "model", "arithmetic", "equal", "apart", "learnt apart", "golden", "largest step"]
    show("the same answers as this machine", header, rows, figures)


def tested(made: Guest, cpu: str, files: list[str], hours: float, workers: int) -> dict[str, object]:
    """What the tests came to; those that failed are printed. Whoever is free takes the next few files."""
    end_s, known = time.monotonic() + hours * 3600, read_logs(made.out, cpu)
    left = [file for file in files if not known.closed(file)]
    first = len(list(made.out.glob(f"{cpu}.*.jsonl")))  # a log that was cut off says what was running then
    batches = {
        f"{cpu}.{number}.jsonl": left[at : at + BATCH] for number, at in enumerate(range(0, len(left), BATCH), first)
    }

    def run(log: str) -> None:
        run_suite(made, cpu, batches[log], log, end_s - time.monotonic())

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, batches))
    told = read_logs(made.out, cpu)
    for name in told.names("failed"):
        print(f"{cpu}: {name}\n{told.outcomes[name].why[-500:]}\n")
    return dict(told.figures(files))


def options() -> argparse.ArgumentParser:
    """Its options."""
    made = parser("arm", "the device's wheels under emulated Arm processors")
    made.add_argument("--cpus", nargs="+", choices=CPUS, default=CPUS, help="processors (%(default)s)")
    made.add_argument("--suite", choices=SUITES, default="models", help="tests of the edge (%(default)s)")
    made.add_argument("--hours", type=float, default=2.0, help="at most, for each processor's tests (%(default)s)")
    made.add_argument("--workers", type=int, default=1, help="processes of tests side by side (%(default)s)")
    made.add_argument("--more", type=Path, help="a folder of further model files")
    made.add_argument("--out", type=Path, default=cache() / "run", help="answers and logs (%(default)s)")
    made.add_argument("--tree", type=Path, default=REPOSITORY, help="the project's files that are tested (%(default)s)")
    return made


def answers(found: list[Compared]) -> dict[str, object]:
    """What the comparison came to."""
    int8 = [one for one in found if one.kind is Kind.INT8]
    floats = [one for one in found if one.kind is Kind.FLOAT]
    return {
        "int8_equal": bool(int8) and all(one.equal for one in int8),
        "int8_models": len(int8),
        "delegate": all(one.delegates[0] == one.delegates[1] > 0 for one in found),
        "float_apart": max((one.apart for one in floats), default=0.0),
        "float_models": len(floats),
        "uint8_equal": sum(one.equal for one in found if one.kind is Kind.UINT8),
        "uint8_models": sum(one.kind is Kind.UINT8 for one in found),
        "golden_held": sum(one.golden is Golden.HELD for one in found),
        "golden_missed": sum(one.golden is Golden.MISSED for one in found),
        "good": all(one.good for one in found),
    }
