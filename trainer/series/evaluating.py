"""What series forecasters are worth on a table of readings: `foresight-train evaluate`."""

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.contracts.bundle import read_bundle
from edge.contracts.types import I64
from edge.contracts.windows import SeriesWindow
from trainer.errors import TrainError
from trainer.series.checks import Judged
from trainer.series.division import borders, divide
from trainer.series.judging import NOTHING, Forecasts, forecasts
from trainer.series.plots import band_plots, coverage_plot, horizon_plot
from trainer.series.regular import Series, regular
from trainer.series.report import write_series_report
from trainer.series.scoring import Score, score, season_of
from trainer.series.table import read_tables
from trainer.series.windows import Windows, some, windows_of

TEST, MOST = "test", 4000  # the part that can be asked for; windows
COLUMNS = ("mse", "mae", "nll", "coverage")


def evaluate_series(models: list[Path], data: Path, part: str | None, out: Path, console: Console) -> None:
    """Score model files as the device runs them, beside persistence; the report is about the first one.

    Args:
        models: SERIES models.
        data: a table of readings, or a folder of them, with the channels of the model.
        part: None = all of it, `test` = its last fifth.
        out: the report.
        console: for the figures.

    Raises:
        EdgeError: models or data cannot be read, or the report cannot be written.
    """
    rows: list[tuple[str, Score]] = []
    for number, path in enumerate(models):
        window = series_window(path)
        series = series_for(window, data)
        windows, origin = windows_of(series, window), origins(series, window, part)
        found = forecasts(path, windows, origin, season_of(series.values))
        own = score(found.mean, found.log_sigma, found.future, found.known)
        rows.append((path.name, own))
        if not number:
            rows += _plain(found)
            _report(path, window, windows, found, own, out)
    show_scores(f"{data.name}: in units of the model's training data", rows, console)
    console.print(f"the report is {out}", markup=False, highlight=False)


def series_window(path: Path) -> SeriesWindow:
    """What a model of series takes.

    Raises:
        ModelError, TrainError: it cannot be read, or takes something else.
    """
    window = read_bundle(path).window
    if not isinstance(window, SeriesWindow):
        raise TrainError(f"{path} takes no series of readings; name one that `foresight-train series` made")
    return window


def series_for(window: SeriesWindow, data: Path) -> Series:
    """Readings on the grid of a model, in the order of its channels."""
    return regular(read_tables(data, "", window.channels), window.step_s)


def origins(series: Series, window: SeriesWindow, part: str | None) -> I64:
    """Where forecasts start; at most `MOST`, evenly spread.

    Raises:
        TrainError: there is no such part, or no whole window.
    """
    if part not in {None, TEST}:
        raise TrainError(f"--split {part}: of readings it may be {TEST}, their last fifth, or be left out for all")
    end = len(series.values)
    ends = borders(end) if part else (end, end, end)
    divided = divide(series, window.samples, window.horizons, ends, whole=not part)
    return some(divided.test if part else divided.train, MOST)


def show_scores(title: str, rows: list[tuple[str, Score]], console: Console) -> None:
    """Print them."""
    table = Table(title=escape(title), title_justify="left")
    for number, name in enumerate(("", *COLUMNS)):
        table.add_column(name, justify="right" if number else "left")
    for name, one in rows:
        figures = one.figures()
        table.add_row(escape(name), *(f"{figures[key]:.4f}" if key in figures else "" for key in COLUMNS))
    console.print(table)


def _plain(found: Forecasts) -> list[tuple[str, Score]]:
    naive = [("persistence", found.persistence), ("seasonal naive", found.seasonal)]
    return [(name, score(mean, NOTHING, found.future, found.known)) for name, mean in naive if len(mean)]


def _report(path: Path, window: SeriesWindow, windows: Windows, found: Forecasts, own: Score, out: Path) -> None:
    judged = Judged(path.name, (), {**own.figures(), "windows": float(len(found.origin))})
    small = (horizon_plot(window, found), coverage_plot(window, found))
    title, subtitle = f"{path.name}: what it is worth", f"On {len(np.unique(found.origin))} windows"
    try:
        write_series_report(judged, title, subtitle, (small, band_plots(window, windows, found)), out)
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror}; name another place (--out)") from error
