"""The report of a trajectory model: the gate's answers, figures and plots in one HTML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.windows import TrackWindow
from trainer.errors import TrainError
from trainer.forecaster.measures import Measured, mean
from trainer.forecaster.plots import error_plot, honesty_plot
from trainer.recorded.scene import Unit
from trainer.recorded.windows import Windows
from trainer.report.contents import Judgement, Table
from trainer.report.figure import Plot
from trainer.report.layout import template, write
from trainer.report.page import PARTS

UNITS: Mapping[Unit, str] = {Unit.HEIGHTS: "box heights", Unit.METRES: "metres"}
METRES = "metres"  # among the figures of a manifest: 1 where lengths are metres, 0 where they are box heights


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """What a report is about."""

    measured: Measured  # of the file on the windows
    test: Windows
    window: TrackWindow  # what the model takes
    unit: Unit  # of the scenes


def write_paths_report(
    subject: Subject, judgements: Sequence[Judgement], titles: tuple[str, str], paths: Sequence[Plot], out: Path
) -> None:
    """Write the page to `out`, and the plots as PNG beside it.

    Args:
        subject: the model and the windows.
        judgements: of the gate, none where nothing was judged.
        titles: title and subtitle.
        paths: plots over the whole width.
        out: the HTML file.

    Raises:
        TrainError: they cannot be written.
    """
    measured, test, window, unit = subject.measured, subject.test, subject.window, subject.unit
    plots = (
        error_plot(measured, test, window.horizons_s, UNITS[unit]),
        honesty_plot(measured, window.horizons_s),
    )
    page = template("trainer.report", "page.html").render(
        **{
            **dict.fromkeys(PARTS, ()),
            "title": titles[0],
            "subtitle": titles[1],
            "judgements": tuple(judgements),
            "figures": tuple((name.replace("_", " "), f"{value:.4g}") for name, value in measured.figures().items()),
            "tables": (horizon_table(measured, test, window, UNITS[unit]),),
            "plots": plots,
            "big_plots": tuple(paths),
        }
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write(out, page.encode())
        folder = out.with_name(f"{out.stem}_plots")
        folder.mkdir(exist_ok=True)
        for plot in (*plots, *paths):
            write(folder / f"{plot.name}.png", plot.png)
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror or error}; name another place") from error


def horizon_table(measured: Measured, test: Windows, window: TrackWindow, unit: str) -> Table:
    """Mean distance at each horizon, of who turns and who does not."""
    groups = {"all": np.ones(len(test), bool), "turning": test.turning, "not turning": ~test.turning}
    rows = []
    for name, chosen in groups.items():
        one = measured.at(chosen)
        cells = [
            f"{mean(off):.3f} / {mean(line):.3f} ({gain:+.1%})" if np.isfinite(gain) else "-"
            for off, line, gain in zip(one.off.T, one.line.T, one.gains, strict=True)
        ]
        rows.append((name, str(int(chosen.sum())), *cells))
    heading = ("tracks", "windows", *(f"{horizon:g} s" for horizon in window.horizons_s))
    text = (
        f"Mean distance, {unit}: learned / straight line of the Kalman filter (share by which it is nearer).",
        "A track turns where its ways of the next two seconds differ in direction by 15 degrees or more.",
    )
    return Table("Distance by horizon", heading, tuple(rows), text)
