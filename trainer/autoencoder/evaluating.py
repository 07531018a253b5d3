"""What auto-encoders find in a table of readings: `foresight-train evaluate`."""

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from edge.contracts.bundle import read_manifest
from trainer.autoencoder.judging import Errors, file_errors, plain_errors
from trainer.autoencoder.plots import error_plot
from trainer.errors import TrainError
from trainer.gate.release import HELD_OUT
from trainer.series.checks import Judged
from trainer.series.division import borders, whole_windows
from trainer.series.evaluating import MOST, TEST, series_for, series_window
from trainer.series.report import write_series_report
from trainer.series.windows import some, windows_of


def evaluate_autoencoders(models: list[Path], data: Path, part: str | None, out: Path, console: Console) -> None:
    """Errors of reconstruction, and how many windows are above the threshold that the file carries.

    Raises:
        EdgeError: models or data cannot be read, or the report cannot be written.
    """
    table = Table(title=escape(data.name), title_justify="left")
    for name in ("", "mse", "mse of the mean", "threshold", "above it"):
        table.add_column(name, justify="right" if name else "left")
    for number, path in enumerate(models):
        found, threshold = errors_of(path, data, part)
        own, plain = float(found.held_out.mean()), float(found.plain.mean())
        alarms = float((found.held_out > threshold).mean())
        table.add_row(escape(path.name), f"{own:.4f}", f"{plain:.4f}", f"{threshold:.4f}", f"{alarms:.2%}")
        if not number:
            judged = Judged(path.name, (), {"mse": own, "mse_mean": plain, "threshold": threshold, "alarms": alarms})
            title, subtitle = f"{path.name}: what it finds", f"On {len(found.held_out)} windows"
            try:
                write_series_report(judged, title, subtitle, ((), (error_plot(found, threshold),)), out)
            except OSError as error:
                raise TrainError(f"{out} cannot be written: {error.strerror}; name another place (--out)") from error
    console.print(table)
    console.print(f"the report is {out}", markup=False, highlight=False)


def errors_of(path: Path, data: Path, part: str | None) -> tuple[Errors, float]:
    """Errors of a file on a table of readings, and its threshold, NaN where it carries none.

    Raises:
        EdgeError: one of them cannot be read; there is no such part, or no whole window.
    """
    if part not in {None, TEST}:
        raise TrainError(f"--split {part}: of readings it may be {TEST}, their last fifth, or be left out for all")
    window = series_window(path)
    series = series_for(window, data)
    begin = borders(len(series.values))[1] if part else 0
    origin = some(whole_windows(series, window.samples, begin), MOST)
    windows = windows_of(series, window)
    own = file_errors(path, windows, origin)
    manifest = read_manifest(path)
    told = manifest.metrics.get(HELD_OUT, {}) if manifest else {}
    return Errors(own, own, np.zeros(0), plain_errors(windows, origin)), told.get("threshold", float("nan"))
