"""What `foresight-train series autoencode` does: tables read, divided in time, learnt from, judged, written."""

from pathlib import Path

from rich.console import Console

from edge.contracts.errors import ModelError
from trainer.autoencoder.dividing import disjoint, divide_stretches
from trainer.autoencoder.judging import Errors, file_errors, judge_autoencoder, plain_errors
from trainer.autoencoder.plots import error_plot, histogram_plot
from trainer.autoencoder.settings import AutoencoderRecipe
from trainer.autoencoder.threshold import threshold_of
from trainer.autoencoder.training import network_errors, train_autoencoder
from trainer.detector.making import training_bar
from trainer.detector.training import Run
from trainer.releasing.terms import refuse_unwritable
from trainer.run_folder import begin_run
from trainer.sequences.networks import load_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.checks import Judged, show_judged
from trainer.series.division import Divided
from trainer.series.judging import not_run
from trainer.series.making import MOST_CHOSEN, MOST_JUDGED, SeriesWish, fingerprint
from trainer.series.regular import regular, usual_step_s
from trainer.series.releasing import REPORT, SeriesTerms, exported, release_series
from trainer.series.report import write_series_report
from trainer.series.table import read_tables
from trainer.series.windows import Windows, measured_window, some, windows_of
from trainer.settling import settle


def make_autoencoder(wish: SeriesWish, run: Run, terms: SeriesTerms, console: Console) -> None:
    """From a table of readings, or of embeddings, to a model file.

    Raises:
        TrainError, ConfigError: in words what is wrong, where, and what to do.
    """
    recipe = settle(AutoencoderRecipe(), wish.recipe, wish.options)
    refuse_unwritable(terms.out)
    tables = read_tables(wish.data, wish.time, wish.channels)
    series = regular(tables, recipe.step_s or usual_step_s(tables))
    recipe = recipe.model_copy(update={"step_s": series.step_s})
    divided = divide_stretches(series, recipe.network.samples)
    window = measured_window(series, divided.rows, recipe.network.samples, ())
    windows = windows_of(series, window)
    told = (
        f"{', '.join(series.channels)}: {len(series.values)} steps; learnt from {len(divided.rows)} of the first four "
        f"fifths; {recipe.words()}"
    )
    console.print(told, markup=False, highlight=False)
    if begin_run(run.folder, recipe, wish.command, {}, {**run.how, "data": fingerprint(tables)}):
        console.print(f"going on with the run in {run.folder}", markup=False, highlight=False)
    with training_bar(console, recipe.training.steps) as moved:
        trained, result = train_autoencoder(recipe, windows, divided, window, run, moved)
    told = f"trained for {result.step} steps; squared error {-result.score:.4f} on validation"
    console.print(told, markup=False, highlight=False)
    release(trained, recipe, windows, divided, terms, wish.data.name, console)


def release(
    trained: SequenceTrained,
    recipe: AutoencoderRecipe,
    windows: Windows,
    divided: Divided,
    terms: SeriesTerms,
    data_name: str,
    console: Console,
) -> None:
    """Convert, judge on the held-out part, report, and write the file where it is worthy.

    Raises:
        TrainError: it is refused; the report tells why.
    """
    chooses, report = some(divided.validation, MOST_CHOSEN), trained.folder / REPORT
    calibration = windows.past(some(divided.train, MOST_CHOSEN))
    path = exported(
        trained,
        terms,
        calibration,
        lambda file: float(file_errors(file, windows, chooses).mean()),
        f"auto-encoder: {data_name}",
        console,
    )
    judged = _judged(path, trained, (recipe.quantile, terms.budget_percent), windows, divided, report)
    show_judged(judged, console)
    console.print(f"the report is {report}", markup=False, highlight=False)
    release_series(path, judged, terms, report)
    console.print(f"{terms.out} is written: {terms.out.stat().st_size / 1000:.0f} kB", markup=False, highlight=False)


def _judged(
    path: Path,
    trained: SequenceTrained,
    terms: tuple[float, float],
    windows: Windows,
    divided: Divided,
    report: Path,
) -> Judged:
    quantile, budget_percent = terms
    origin, chooses = some(divided.test, MOST_JUDGED), some(divided.validation, MOST_JUDGED)
    title, subtitle = f"{trained.name}: what it is worth", f"On {len(origin)} windows that came after all training"
    try:
        found = Errors(
            file_errors(path, windows, chooses),
            file_errors(path, windows, origin),
            network_errors(load_sequence(trained), windows, origin),
            plain_errors(windows, origin),
        )
    except ModelError as error:
        judged = not_run(path, error)
        write_series_report(judged, title, subtitle, ((), ()), report)
        return judged
    apart, apart_held = (disjoint(part, windows.samples) for part in (divided.validation, divided.test))
    threshold = threshold_of(found.chosen_by, apart, quantile)
    judged = judge_autoencoder(path, found, threshold, apart_held, budget_percent)
    plots = (histogram_plot(found, threshold.error),), (error_plot(found, threshold.error),)
    write_series_report(judged, title, subtitle, plots, report)
    return judged
