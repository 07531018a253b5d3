"""A series that changes its period, its level and its noise: who follows?

The exported forecaster learns from the first of four phases, and is run frozen and with on-line learning on top; the
fixed recurrent network without a model learns on-line alone. Root mean squared error four steps ahead, in the units of
the series, in the 150 steps after each change and in the rest of each phase; the noise alone is the least there can be.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.contracts.bundle import read_bundle
from edge.contracts.types import F64, SeriesForecast
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from edge.series.forecaster import SeriesForecaster
from edge.series.settings import SeriesSettings
from tests.bench import report
from tests.rigs.series import START_NS, errors, fed

PHASE, STEPS, SETTLING = 1500, 4, 150
NAMES = ("as trained", "new period", "new level", "more noise")
LEARNING = SeriesSettings(step_s=1.0, horizons_s=(float(STEPS),))
FROZEN = LEARNING.model_copy(update={"learn": False})
Runs = dict[str, list[SeriesForecast | None]]


def series(seed: int = 5) -> F64:
    """(4 · PHASE,) a wave around a level."""
    at, chance = np.arange(4 * PHASE), np.random.default_rng(seed)
    phase = np.cumsum(2 * np.pi / np.where(at < PHASE, 40, 23))
    noise = np.where(at < 3 * PHASE, 0.1, 0.4) * chance.normal(size=len(at))
    return np.where(at < 2 * PHASE, 20, 35) + 3 * np.sin(phase) + noise


def trained_file(values: F64, folder: Path) -> Path:
    """A forecaster made by the command's own code from the first phase."""
    from trainer.detector.training import Run  # noqa: PLC0415 - TensorFlow, which only this part needs
    from trainer.export.variant import Variant  # noqa: PLC0415
    from trainer.series.making import SeriesWish, make_forecaster  # noqa: PLC0415
    from trainer.series.releasing import SeriesTerms  # noqa: PLC0415
    from trainer.training.number import Precision  # noqa: PLC0415

    rows = [f"{START_NS // 10**9 + index},{value:.5f}" for index, value in enumerate(values.tolist())]
    table = folder / "wave.csv"
    table.write_text("\n".join(["time,level", *rows, ""]))
    make_forecaster(
        SeriesWish(table, "", (), (1.0, float(STEPS), 12.0), None, {"training.steps": 400}, ["bench"]),
        Run(folder / "run", "wave", 1, Precision.FLOAT32, 0),
        SeriesTerms(folder / "wave.tflite", Variant.FLOAT32, 2.0, ""),
        Console(quiet=True),
    )
    return folder / "wave.tflite"


def runs(values: F64, folder: Path) -> Runs:
    """What each says, step by step."""
    with open_runtime(read_bundle(trained_file(values[:PHASE], folder)), RuntimeSettings(threads=1)) as runtime:
        return {
            "frozen": fed(SeriesForecaster(FROZEN, runtime), values),
            "adapted": fed(SeriesForecaster(LEARNING, runtime), values),
            "reservoir": fed(SeriesForecaster(LEARNING), values),
        }


def rmse(said: Sequence[SeriesForecast | None], values: F64, begin: int, end: int) -> float:
    """Of the forecasts that were made from one step to another."""
    end = min(end, len(values) - STEPS)
    found, _ = errors(said[begin:end], values[begin : end + STEPS], STEPS, 0)
    return float(np.sqrt((found**2).mean()))


def draw(values: F64, said: Runs, path: Path) -> None:
    """The series, and the errors of each over time, as a PNG."""
    from trainer.report.figure import COLOURS, INK, drawing, finished  # noqa: PLC0415 - matplotlib

    with drawing(9.0, 4.4) as (figure, _):
        figure.clear()
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(values, color=INK, linewidth=0.6)
        above.set(ylabel="series")
        for colour, (name, one) in zip(COLOURS, said.items(), strict=False):
            found, _ = errors(one[100:], values[100:], STEPS, 0)
            smooth = np.sqrt(np.convolve(found**2, np.full(50, 1 / 50), "valid"))
            below.plot(np.arange(len(smooth)) + 150, smooth, color=colour, linewidth=1.3, label=name)
        below.set(xlabel="steps", ylabel=f"RMSE, {STEPS} ahead", yscale="log")
        below.legend(ncols=3, loc="upper left")
        path.write_bytes(finished(figure, "drift", "Drift", "Errors of 50 steps over time").png)


def main(argv: list[str]) -> None:
    """Run all three over the whole series."""
    options = report.parser("drift", __doc__ or "")
    options.add_argument("--plot", type=Path, help="a PNG to draw")
    asked = options.parse_args(argv)
    values, figures = series(), dict[str, float]()
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        said = runs(values, Path(folder))
    for number, phase in enumerate(NAMES):
        begin = number * PHASE
        for part, first, last in ((" at once", begin, begin + SETTLING), ("", begin + SETTLING, begin + PHASE - STEPS)):
            if not number and part:
                continue  # nothing has changed yet
            found = {name: rmse(one, values, first, last) for name, one in said.items()}
            rows.append([phase + part, *found.values()])
            figures |= {f"{name}_{phase}{part}".replace(" ", "_"): round(value, 4) for name, value in found.items()}
    if asked.plot:
        draw(values, said, asked.plot)
    report.show("Drift: RMSE four steps ahead", ["phase", *said], rows, figures)
