"""What `foresight-train series forecast` does: tables read, divided in time, learnt from, judged, written."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from edge.contracts.errors import ModelError
from edge.contracts.windows import SeriesWindow
from trainer.detector.making import training_bar
from trainer.detector.training import Run
from trainer.releasing.terms import refuse_unwritable
from trainer.run_folder import begin_run
from trainer.sequences.networks import load_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.checks import Judged, show_judged
from trainer.series.choosing import choose, in_steps, refuse_still
from trainer.series.division import Divided, borders, divide
from trainer.series.judging import file_loss, forecasts, judge, not_run
from trainer.series.plots import band_plots, coverage_plot, horizon_plot
from trainer.series.regular import Series, regular, usual_step_s
from trainer.series.releasing import REPORT, SeriesTerms, exported, release_series
from trainer.series.report import write_series_report
from trainer.series.settings import SeriesRecipe
from trainer.series.table import Table, read_tables
from trainer.series.training import predicted, train_forecaster
from trainer.series.windows import Windows, measured_window, some, windows_of
from trainer.settling import Value, settle, tell_settings

MOST_CHOSEN, MOST_JUDGED = 1000, 4000  # windows that compare variants, and that are reported on


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """What was asked for, beside where to train and on what terms the file goes out."""

    data: Path
    time: str  # name of the column of times, "" = found
    channels: tuple[str, ...]  # () = all numbers
    horizons_s: tuple[float, ...]  # () = picked
    recipe: Path | None
    options: Mapping[str, Value]  # by dotted key of the recipe
    command: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A series that is ready to be learnt from."""

    series: Series
    recipe: SeriesRecipe
    divided: Divided
    windows: Windows


def make_forecaster(wish: SeriesWish, run: Run, terms: SeriesTerms, console: Console) -> None:
    """From a table of readings to a model file.

    Raises:
        TrainError, ConfigError: in words what is wrong, where, and what to do.
    """
    settle(SeriesRecipe(), wish.recipe, wish.options)  # a typing error is told of before anything takes time
    refuse_unwritable(terms.out)
    tables = read_tables(wish.data, wish.time, wish.channels)
    prepared = prepare(tables, wish, console)
    if begin_run(run.folder, prepared.recipe, wish.command, {}, {**run.how, "data": fingerprint(tables)}):
        console.print(f"going on with the run in {run.folder}", markup=False, highlight=False)
    window = measured_window(
        prepared.series, prepared.divided.rows, prepared.recipe.network.samples, prepared.recipe.network.horizons
    )
    with training_bar(console, prepared.recipe.training.steps) as moved:
        trained, result = train_forecaster(prepared.recipe, prepared.windows, prepared.divided, window, run, moved)
    told = f"trained for {result.step} steps; squared error {-result.score:.4f} on validation"
    console.print(told, markup=False, highlight=False)
    release(trained, prepared, terms, wish.data.name, console)


def prepare(tables: list[Table], wish: SeriesWish, console: Console) -> Prepared:
    """The series on its grid, its settings and its parts; what was found on the screen."""
    asked = settle(SeriesRecipe(), wish.recipe, wish.options)
    series = regular(tables, asked.step_s or usual_step_s(tables))
    ends = borders(len(series.values))
    refuse_still(series, ends[0])
    choice = choose(series, ends[0], in_steps(wish.horizons_s, series.step_s))
    recipe = settle(choice.recipe, wish.recipe, wish.options)
    pieces = int(series.piece[-1]) + 1
    told = (
        f"{', '.join(series.channels)}: {len(series.values)} steps of {series.step_s:g} s in {pieces} "
        f"piece{'s' if pieces > 1 else ''}, {1 - series.known.mean():.1%} filled in; learnt from the first {ends[0]}, "
        f"chosen by the next {ends[1] - ends[0]}, reported on the last {ends[2] - ends[1]}"
    )
    console.print(told, markup=False, highlight=False)
    tell_settings(choice.reasons, choice.recipe, recipe, console)
    network = recipe.network
    divided = divide(series, network.samples, network.horizons, ends)
    window = measured_window(series, divided.rows, network.samples, network.horizons)
    return Prepared(series, recipe, divided, windows_of(series, window))


def release(trained: SequenceTrained, prepared: Prepared, terms: SeriesTerms, data_name: str, console: Console) -> None:
    """Convert, judge on the held-out part, report, and write the file where it is worthy.

    Raises:
        TrainError: it is refused; the report tells why.
    """
    windows, divided, report = prepared.windows, prepared.divided, trained.folder / REPORT
    chooses = some(divided.validation, MOST_CHOSEN)
    calibration = windows.past(some(divided.train, MOST_CHOSEN))
    path = exported(
        trained, terms, calibration, lambda file: file_loss(file, windows, chooses), f"series: {data_name}", console
    )
    with console.status("judging it on the held-out part"):
        judged = _judged(path, trained, prepared, terms.budget_percent, report)
    show_judged(judged, console)
    console.print(f"the report is {report}", markup=False, highlight=False)
    release_series(path, judged, terms, report)
    size = terms.out.stat().st_size / 1000
    console.print(f"{terms.out} is written: {size:.0f} kB", markup=False, highlight=False)


def _judged(path: Path, trained: SequenceTrained, prepared: Prepared, budget: float, report: Path) -> Judged:
    windows, origin = prepared.windows, some(prepared.divided.test, MOST_JUDGED)
    title, subtitle = f"{trained.name}: what it is worth", f"On {len(origin)} windows that came after all training"
    try:
        found = forecasts(path, windows, origin, prepared.recipe.season_steps)
    except ModelError as error:
        judged = not_run(path, error)
        write_series_report(judged, title, subtitle, ((), ()), report)
        return judged
    judged = judge(path, predicted(load_sequence(trained), windows, origin), found, budget)
    window = trained.window
    assert isinstance(window, SeriesWindow)
    small = (horizon_plot(window, found), coverage_plot(window, found))
    write_series_report(judged, title, subtitle, (small, band_plots(window, windows, found)), report)
    return judged


def fingerprint(tables: list[Table]) -> str:
    """What tells data apart: a run must go on with the same."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(repr(table.channels).encode() + table.time_s.tobytes() + table.values.tobytes())
    return digest.hexdigest()[:16]
