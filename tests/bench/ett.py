"""ETTh1: the series forecaster as exported, and the on-line one, beside published figures.

Protocol of Zhou et al. ("Informer", AAAI 2021), kept by Zeng et al. ("Are transformers effective for time series
forecasting?", AAAI 2023): 12, 4 and 4 months of 30 days to learn from, to choose by and to report on; every value
standardised by the first part; errors in those units, over all windows of the last part, all steps up to the horizon
and all channels (`multi`, 7) or the oil temperature alone (`uni`, OT). Look-back 336 hours, as the second paper's
linear models have it (the first one's varies).

The network's settings were chosen by the four months in the middle, with the errors of the last part printed beside
them: the first configuration was kept, and alternatives were no better in the middle. The on-line design was changed on
a synthetic series that drifts, while its errors here were in view.

`frozen` is the exported file as the device runs it. The on-line rows see each hour once, in order, and learn from it:
`reservoir` without any model, from the first hour on; `adapted` over the exported file, from the months in the middle
on (the file has learnt from those before). What they forecast in the last part is scored like the rest.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.contracts.bundle import read_bundle
from edge.contracts.runtime import Runtime
from edge.contracts.types import F64, Reading
from edge.contracts.windows import SeriesWindow
from edge.runtime.settings import RuntimeSettings
from edge.runtime.tflite import open_runtime
from edge.series.forecaster import SeriesForecaster
from edge.series.settings import SeriesSettings
from tests.bench import report
from trainer.series.division import Divided, divide
from trainer.series.regular import Series, regular
from trainer.series.scoring import Score, persistence, score, seasonal_naive, served
from trainer.series.settings import SeriesNetwork, SeriesRecipe, SeriesTraining
from trainer.series.table import read_tables
from trainer.series.windows import Windows, measured_window, windows_of

MONTH = 30 * 24
ENDS = (12 * MONTH, 16 * MONTH, 20 * MONTH)
SAMPLES, HOUR_S, DAY = 336, 3600.0, 24
NOTHING = np.zeros((0, 1, 1), np.float32)
INFORMER = "Zhou et al., Informer, AAAI 2021"
LINEAR = "Zeng et al., Are transformers effective for time series forecasting?, AAAI 2023"
PUBLISHED: dict[tuple[str, int], list[tuple[str, float, float, str]]] = {
    ("uni", 24): [("LSTMa", 0.114, 0.272, INFORMER), ("Informer", 0.098, 0.247, INFORMER)],
    ("uni", 96): [("NLinear", 0.053, 0.177, LINEAR), ("DLinear", 0.056, 0.180, LINEAR)],
    ("multi", 24): [
        ("LSTMa", 0.650, 0.624, INFORMER),
        ("LSTnet", 1.293, 0.901, INFORMER),
        ("Informer", 0.577, 0.549, INFORMER),
    ],
    ("multi", 96): [
        ("Repeat", 1.295, 0.713, LINEAR),
        ("NLinear", 0.374, 0.394, LINEAR),
        ("DLinear", 0.375, 0.399, LINEAR),
        ("Informer", 0.865, 0.713, LINEAR),
    ],
}
Row = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One of the four."""

    channels: str  # "uni" or "multi"
    series: Series
    window: SeriesWindow
    windows: Windows
    divided: Divided

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.window.horizons[-1]

    def scored(self, mean: np.typing.NDArray[np.float32], log_sigma: np.typing.NDArray[np.float32] = NOTHING) -> Score:
        """On the windows of the last part."""
        return score(mean, log_sigma, *self.windows.future(self.divided.test))


def problem(table: Path, channels: Sequence[str], horizon: int) -> Problem:
    """Read the table and divide it as published."""
    series = regular(read_tables(table, "date", channels), HOUR_S)
    horizons = tuple(range(1, horizon + 1))
    window = measured_window(series, np.arange(ENDS[0]), SAMPLES, horizons)
    divided = divide(series, SAMPLES, horizons, ENDS)
    return Problem("uni" if channels else "multi", series, window, windows_of(series, window), divided)


def recipe(of: Problem, seed: int) -> SeriesRecipe:
    """The one configuration."""
    network = SeriesNetwork(samples=SAMPLES, horizons=of.window.horizons, units=64, segment=DAY, dropout=0.1)
    return SeriesRecipe(
        step_s=HOUR_S, season_steps=DAY, network=network, training=SeriesTraining(steps=600, rate=1e-3, seed=seed)
    )


def trained_file(of: Problem, folder: Path, seed: int) -> tuple[Path, float]:
    """The exported file, and the CPU seconds of its training."""
    from trainer.detector.training import Run  # noqa: PLC0415 - TensorFlow, which only this part needs
    from trainer.export.variant import Variant  # noqa: PLC0415
    from trainer.sequences.convert import convert_sequence  # noqa: PLC0415
    from trainer.series.training import train_forecaster  # noqa: PLC0415
    from trainer.training.number import Precision  # noqa: PLC0415

    run = Run(folder / f"{of.channels}-{of.horizon}-{seed}", "ett", 1, Precision.FLOAT32, 0)
    begin = time.process_time()
    trained, _ = train_forecaster(recipe(of, seed), of.windows, of.divided, of.window, run, lambda _step, _losses: None)
    took_s = time.process_time() - begin
    path = run.folder / "model.tflite"
    convert_sequence(trained, Variant.FLOAT32, of.windows.past(of.divided.train[:1]), path)
    return path, took_s


def online(of: Problem, runtime: Runtime | None) -> tuple[Score, float]:
    """The score of the on-line forecaster, and its CPU milliseconds per reading."""
    settings = SeriesSettings(horizons_s=tuple(HOUR_S * step for step in of.window.horizons), step_s=HOUR_S)
    forecaster = SeriesForecaster(settings, runtime)
    begin = 0 if runtime is None else ENDS[0]
    mean, std = np.array(of.window.mean), np.array(of.window.std)
    wanted = set(of.divided.test.tolist())
    means: list[F64] = []
    sigmas: list[F64] = []
    started = time.process_time()
    for index in range(begin, ENDS[2]):
        reading = Reading("ett", index * int(HOUR_S) * 10**9, tuple(of.series.values[index].tolist()))
        told = forecaster.step(reading)
        if told is not None and index in wanted:
            means.append((np.array(told.values) - mean) / std)
            sigmas.append(np.array(told.sigma) / std)
    took_ms = 1000 * (time.process_time() - started) / (ENDS[2] - begin)
    return of.scored(np.array(means, np.float32), np.log(np.array(sigmas, np.float32))), took_ms


def rows_of(of: Problem, folder: Path, seeds: Sequence[int], console: Console) -> list[Row]:
    """All that is known of one problem."""
    found = [
        _row(of, name, "published", Score(mse, mae, np.nan, np.nan), source)
        for name, mse, mae, source in PUBLISHED[of.channels, of.horizon]
    ]
    found.append(_row(of, "persistence", "measured", of.scored(persistence(of.windows, of.divided.test))))
    found.append(_row(of, "seasonal naive", "measured", of.scored(seasonal_naive(of.windows, of.divided.test, DAY))))
    for seed in seeds:
        with console.status(f"{of.channels} {of.horizon}, seed {seed}"):
            path, took_s = trained_file(of, folder, seed)
            with open_runtime(read_bundle(path), RuntimeSettings(threads=1)) as runtime:
                frozen = of.scored(*served(runtime, of.windows, of.divided.test))
                note = f"seed {seed}, {took_s:.0f} s, {path.stat().st_size // 1000} kB"
                found.append(_row(of, "frozen", "measured", frozen, note))
                if seed == seeds[0]:
                    adapted, ms = online(of, runtime)
                    found.append(_row(of, "adapted", "on-line", adapted, f"{ms:.2f} ms per reading"))
    plain, ms = online(of, None)
    found.append(_row(of, "reservoir", "on-line", plain, f"{ms:.2f} ms per reading"))
    return found


def _row(of: Problem, name: str, kind: str, found: Score, note: str = "") -> Row:
    figures = {key: round(value, 4) for key, value in found.figures().items()}
    return {"channels": of.channels, "horizon": of.horizon, "model": name, "kind": kind, **figures, "note": note}


def main(argv: list[str]) -> None:
    """Run the four problems."""
    options = report.parser("ett", __doc__ or "")
    options.add_argument("--seeds", type=int, default=1, help="networks for each problem (%(default)s)")
    options.add_argument("--only", default="", help="uni-24, uni-96, multi-24 or multi-96; all without it")
    asked = options.parse_args(argv)
    console, rows = Console(), []
    with tempfile.TemporaryDirectory() as folder:
        for channels, horizon in ((["OT"], 24), (["OT"], 96), ([], 24), ([], 96)):
            if asked.only in {"", f"{'uni' if channels else 'multi'}-{horizon}"}:
                of = problem(asked.data / "sensors" / "ETTh1.csv", channels, horizon)
                rows += rows_of(of, Path(folder), range(1, asked.seeds + 1), console)
    header = ["channels", "horizon", "model", "kind", "mse", "mae", "nll", "coverage", "note"]
    report.show("ETTh1", header, [[row.get(key, "") for key in header] for row in rows], {"rows": rows})
