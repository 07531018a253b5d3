"""What learning on a device costs: a step of the exported files beside the same step in Keras and in TensorFlow.

TensorFlow runs in one process, LiteRT in another in which TensorFlow is never imported; both on one thread, in turns.
A step's time is CPU time, so that a busy machine counts for less: the median over the turns.
"""

import os
import statistics
import tempfile

from tests.bench.ondevice_desk import Desk
from tests.bench.ondevice_models import SUBJECTS
from tests.bench.report import parser, show

ONE_THREAD = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
QUIET = {"CUDA_VISIBLE_DEVICES": "-1"}
WAYS = ("keras", "function")
TURN_STEPS = 50


def main(argv: list[str]) -> None:
    """Run the benchmark."""
    options = parser("ondevice", __doc__ or "")
    options.add_argument("--steps", type=int, default=50_000, help="steps over which memory may grow (%(default)s)")
    options.add_argument("--turns", type=int, default=15, help="turns of each way (%(default)s)")
    options.add_argument("--models", default=",".join(SUBJECTS), help="of these, by comma (%(default)s)")
    chosen = options.parse_args(argv)
    environment = {**os.environ, **ONE_THREAD, **QUIET}
    with (
        tempfile.TemporaryDirectory(prefix="foresight-bench-") as folder,
        Desk("tests.bench.ondevice_tensorflow", [folder], environment) as workstation,
        Desk("tests.bench.ondevice_litert", [folder], environment) as device,
    ):
        rows = [_measured(name, workstation, device, chosen) for name in chosen.models.split(",")]
    header = ["model", "ms", "keras", "function", "RSS MB", "growth MB", "kB", "round s", "gradient", "to 50", "to 100"]
    keys = ("ms", "keras_ms", "function_ms", "rss_added_mb", "growth_mb", "kb", "round_s")
    table = [[row["model"], *(row[key] for key in keys), *(f"{row[key]:.1e}" for key in EQUAL)] for row in rows]
    show("A training step of 32 samples, ms of one core", header, table, {"rows": rows})


EQUAL = ("gradient", "losses_50", "losses_100")


def _measured(name: str, workstation: Desk, device: Desk, chosen: object) -> dict[str, object]:
    """All figures of a model."""
    turns, steps = int(getattr(chosen, "turns")), int(getattr(chosen, "steps"))  # noqa: B009 - argparse has no types
    told = workstation.ask("prepare", name=name)
    opened = device.ask("open", name=name)
    equal = device.ask("equal", name=name)
    times: dict[str, list[float]] = {way: [] for way in (*WAYS, "device")}
    for turn in range(turns + 1):
        found = {way: workstation.ask("time", name=name, way=way, steps=TURN_STEPS)["ms"] for way in WAYS}
        found["device"] = device.ask("time", name=name, steps=TURN_STEPS)["ms"]
        for way, ms in found.items():
            if turn:  # the first one warms up
                times[way].append(ms)
    ratios = {way: statistics.median(b / a for a, b in zip(times["device"], times[way], strict=True)) for way in WAYS}
    taken = device.ask("round", name=name)
    soaked = device.ask("soak", name=name, steps=steps)
    assert not soaked["tensorflow"], "the device's side has imported TensorFlow"
    return {
        "model": name,
        **told,
        "ms": statistics.median(times["device"]),
        "keras_ms": statistics.median(times["keras"]),
        "function_ms": statistics.median(times["function"]),
        "speedup_vs_keras": ratios["keras"],
        "ratio_vs_tf_function": 1 / ratios["function"],
        **opened,
        "growth_mb": soaked["growth_mb"],
        "steps": steps,
        **taken,
        **equal,
    }
