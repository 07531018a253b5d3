"""Size, latency and mAP of every variant of one trained detector, on the same held-out pictures.

Latency is the median of the model alone; the variants take turns.
"""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from tests.bench.report import parser, show

if TYPE_CHECKING:
    from trainer.quantise.choosing import Row

STREET_PICTURES, STREET_STEPS, STREET_PX = 400, 400, 192


@dataclass(frozen=True)
class Measuring:
    """Where files go, and how long is measured."""

    folder: Path
    rounds: int
    most: int  # held-out pictures


def main(argv: list[str]) -> None:
    """Run the benchmark."""
    options = parser("quantize", __doc__ or "")
    options.add_argument("--run", type=Path, help="folder of a trained detector [a small one is trained on the street]")
    options.add_argument("--pictures", type=Path, help="folder of the labelled pictures that it was trained on")
    options.add_argument("--rounds", type=int, default=30, help="turns of each file for the clock (%(default)s)")
    options.add_argument("--most", type=int, default=200, help="held-out pictures at most (%(default)s)")
    chosen = options.parse_args(argv)
    if (chosen.run is None) != (chosen.pictures is None):
        options.error("--run and --pictures belong together: where the detector is, and what it was trained on")
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        run, pictures = chosen.run, chosen.pictures
        if run is None:
            run, pictures = _street(Path(folder), chosen.data, console)
        rows = _measured(run, pictures, Measuring(Path(folder), chosen.rounds, chosen.most), console)
    _show(rows)


def _street(folder: Path, data: Path, console: Console) -> tuple[Path, Path]:
    """The default: a small detector, trained on the rendered street for some minutes; its run and its pictures."""
    from trainer.data.opening import open_data  # noqa: PLC0415 - --help needs none of it
    from trainer.data.street import write_street  # noqa: PLC0415
    from trainer.detector.settings import DetectorRecipe, NetworkSettings, TrainingSettings  # noqa: PLC0415
    from trainer.detector.training import Run, train_detector  # noqa: PLC0415
    from trainer.parts import parts  # noqa: PLC0415
    from trainer.run_folder import begin_run  # noqa: PLC0415
    from trainer.training.number import Precision  # noqa: PLC0415

    pictures, run = folder / "street", folder / "run"
    write_street(pictures, STREET_PICTURES)
    train = parts(open_data(pictures).splits).train
    weights = data / "backbones" / "mobilenet_2_5_224_tf_no_top.h5"
    recipe = DetectorRecipe(
        weights=str(weights) if weights.exists() else "none",
        network=NetworkSettings(input_px=STREET_PX, backbone="mobilenet_v1", width=0.25, channels=48),
        training=TrainingSettings(steps=STREET_STEPS, batch=8),
    )
    begin_run(run, recipe, [], {"train": train}, {})
    with console.status("training on the street") as status:
        train_detector(
            recipe,
            train,
            None,
            Run(run, "street", 1, Precision.FLOAT32, 0),
            lambda step, losses: status.update(f"training on the street, step {step}: loss {losses['total']:.3f}"),
        )
    return run, pictures


def _measured(run: Path, pictures: Path, how: "Measuring", console: Console) -> "list[Row]":
    """The rows; on the screen also which variant is chosen, and why."""
    from trainer.data.opening import open_data  # noqa: PLC0415
    from trainer.gate.accuracy import BUDGET_POINTS  # noqa: PLC0415
    from trainer.parts import parts  # noqa: PLC0415
    from trainer.quantise.choosing import choose  # noqa: PLC0415
    from trainer.quantise.measuring import measure  # noqa: PLC0415
    from trainer.quantise.table import show_variants  # noqa: PLC0415
    from trainer.quantise.variants import make_variants, read_origin  # noqa: PLC0415
    from trainer.quantise.yardsticks import BOXES  # noqa: PLC0415

    found = parts(open_data(pictures).splits)
    held_out = found.held_out.take(range(min(how.most, len(found.held_out))))
    with console.status("reading") as status:
        files = make_variants(read_origin(run, found.train), how.folder / "variants", status.update)
        rows = measure(files, held_out, status.update, BOXES, rounds=how.rounds)
    show_variants(rows, choose(rows, BUDGET_POINTS, BOXES.names[1]), Console(), BOXES.names)
    return rows


def _show(rows: "list[Row]") -> None:
    from trainer.quantise.choosing import FLOAT32, INT8, lost_points  # noqa: PLC0415

    by_name = {row.variant: row for row in rows}
    figures = [{key: value for key, value in asdict(row).items() if key != "certain"} for row in rows]
    drop = lost_points(by_name[INT8], by_name[FLOAT32])
    show(
        f"int8 loses {drop:.2f} points of mAP",
        ["variant", "kB", "ms, 1 thread", "ms, 2 threads", "mAP50", "mAP"],
        [[row.variant, row.kb, row.ms_1, row.ms_2, row.map50, row.map] for row in rows],
        {"rows": figures, "int8_drop": drop},
    )
