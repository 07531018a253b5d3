"""Detectors from public data sets, trained, quantised and judged by one command each; scored on what is held out.

Raccoon has a test split of its own, Penn-Fudan is divided 80 to 20 by the seed of every data set without one.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.report import parser, show
from tests.paths import REPOSITORY

SETS = ("raccoon", "penn_fudan")
BACKBONE = "backbones/mobilenet_v2_0.35_224_no_top.npz"
TIMEOUT_S = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One data set: of the float file and of the int8 one on the same pictures."""

    name: str
    minutes: float
    ap50: float
    int8_ap50: float
    map: float
    int8_drop: float  # points of mAP
    low: float  # of its 95 % interval
    high: float
    boxes: int


def main(argv: list[str]) -> None:
    """Run the benchmark."""
    options = parser("detectors", __doc__ or "")
    options.add_argument("--sets", nargs="*", choices=SETS, default=SETS)
    options.add_argument(
        "--runs", type=Path, help="folder of the runs, which go on where they were cut off [temporary]"
    )
    options.add_argument("--steps", type=int, help="of the training, for a quick look [picked to suit the data]")
    chosen = options.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        runs = chosen.runs or Path(folder)
        outcomes = [_outcome(name, chosen.data, runs / name, chosen.steps) for name in chosen.sets]
    figures: dict[str, object] = {"minutes": {one.name: one.minutes for one in outcomes}}
    for one in outcomes:
        figures |= {f"{one.name}_ap50": one.ap50, f"{one.name}_int8_ap50": one.int8_ap50}
        figures |= {f"{one.name}_int8_drop": one.int8_drop}
    show(
        "Detectors from ImageNet weights; the drop is of mAP, in points, with its 95 % interval",
        ["data", "boxes", "minutes", "AP50", "int8 AP50", "mAP", "int8 drop", "from", "to"],
        [
            [one.name, one.boxes, one.minutes, one.ap50, one.int8_ap50, one.map, one.int8_drop, one.low, one.high]
            for one in outcomes
        ],
        figures,
    )


def _outcome(name: str, data: Path, run: Path, steps: int | None) -> Outcome:
    from trainer.data.opening import open_data  # noqa: PLC0415 - --help needs none of it
    from trainer.evaluate.bootstrap import compare_map  # noqa: PLC0415
    from trainer.evaluate.evaluation import evaluate  # noqa: PLC0415
    from trainer.evaluate.running import read_detector, run_model  # noqa: PLC0415
    from trainer.parts import parts  # noqa: PLC0415

    minutes = _trained(data / name, data / BACKBONE, run, steps)
    held_out = parts(open_data(data / name).splits).held_out
    scored = []
    for variant in ("float32", "int8"):
        ran = run_model(read_detector(run / "models" / f"{variant}.tflite"), held_out)
        scored.append(evaluate(ran.dataset, ran.found))
    plain, whole = scored
    change = compare_map(plain.coco, whole.coco)
    return Outcome(
        name=name,
        minutes=minutes,
        ap50=plain.coco.scores.ap50,
        int8_ap50=whole.coco.scores.ap50,
        map=plain.coco.scores.ap,
        int8_drop=-100 * change.change,
        low=-100 * change.high,
        high=-100 * change.low,
        boxes=plain.boxes,
    )


def _trained(data: Path, weights: Path, run: Path, steps: int | None) -> float:
    """Minutes from the command to the file."""
    command = [sys.executable, "-m", "trainer", "detector", "--data", str(data), "--weights", str(weights)]
    command += ["--run", str(run), "--out", str(run / "model.tflite")]
    command += ["--steps", str(steps), "--accept-loss", "a quick look"] if steps else []
    begin = time.monotonic()
    subprocess.run(
        command,
        check=True,
        timeout=TIMEOUT_S,
        stdout=sys.stderr,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    return (time.monotonic() - begin) / 60
