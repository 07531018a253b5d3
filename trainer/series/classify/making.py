"""What `foresight-train series classify` does: recordings read, divided by group, learnt from, judged, written."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.contracts.errors import ModelError
from edge.contracts.windows import SeriesWindow
from trainer.detector.making import training_bar
from trainer.detector.training import Run
from trainer.errors import TrainError
from trainer.releasing.terms import refuse_unwritable
from trainer.run_folder import begin_run
from trainer.sequences.networks import load_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.checks import Judged, show_judged
from trainer.series.classify.choosing import choose
from trainer.series.classify.dividing import TEST, TRAIN, VALIDATION, divided
from trainer.series.classify.folders import Asked
from trainer.series.classify.inputs import ClassWindow, unmeasured
from trainer.series.classify.judging import Answers, file_loss, judge, run_file
from trainer.series.classify.network import PROBABILITIES
from trainer.series.classify.opening import open_recordings
from trainer.series.classify.plots import confusion_plot, reliability_plot
from trainer.series.classify.recordings import Recordings
from trainer.series.classify.settings import ClassifyRecipe
from trainer.series.classify.showing import show_answers
from trainer.series.classify.training import Part, part_of, train_classifier
from trainer.series.judging import not_run
from trainer.series.releasing import REPORT, SeriesTerms, exported, release_series
from trainer.series.report import write_series_report
from trainer.settling import Value, settle, tell_settings

MOST_CALIBRATED = 1000  # windows that int8 measures its ranges on


@dataclass(frozen=True, slots=True)
class ClassifyWish:
    """What was asked for, beside where to train and on what terms the file goes out."""

    data: Path
    asked: Asked
    recipe: Path | None
    options: Mapping[str, Value]  # by dotted key of the recipe
    command: list[str]


def make_classifier(wish: ClassifyWish, run: Run, terms: SeriesTerms, console: Console) -> None:
    """From recordings to a model file.

    Raises:
        TrainError, ConfigError: in words what is wrong, where, and what to do.
    """
    settle(ClassifyRecipe(), wish.recipe, wish.options)  # a typing error is told of before anything takes time
    refuse_unwritable(terms.out)
    parts = divided(open_recordings(wish.data, wish.asked))
    for name, part in parts.items():
        console.print(f"{name}: {part.words()}", markup=False, highlight=False)
    recipe = settled(wish, parts[TRAIN], console)
    refuse_too_long(parts, recipe)
    if begin_run(run.folder, recipe, wish.command, {}, {**run.how, "data": fingerprint(parts)}):
        console.print(f"going on with the run in {run.folder}", markup=False, highlight=False)
    with training_bar(console, recipe.training.steps) as moved:
        trained, result, sure = train_classifier(recipe, parts[TRAIN], parts[VALIDATION], run, moved)
    told = f"trained for {result.step} steps, {100 * min(result.score, 1.0):.1f} % right on validation; {sure.words()}"
    console.print(told, markup=False, highlight=False)
    release(trained, parts, recipe, terms, wish.data.name, console)


def settled(wish: ClassifyWish, train: Recordings, console: Console) -> ClassifyRecipe:
    """The settings, and why, on the screen."""
    choice = choose(train)
    recipe = settle(choice.recipe, wish.recipe, wish.options)
    tell_settings(choice.reasons, choice.recipe, recipe, console)
    return recipe


def refuse_too_long(parts: Mapping[str, Recordings], recipe: ClassifyRecipe) -> None:
    """Make sure that each part has a window: sounds are filled up, recordings of values are not.

    Raises:
        TrainError: all recordings of a part are shorter.
    """
    window = unmeasured(parts[TRAIN], recipe.window)
    for name, part in parts.items():
        if isinstance(window, SeriesWindow) and all(len(row.values) < window.samples for row in part.rows):
            raise TrainError(
                f"no recording of {name} is as long as a window of {recipe.window.seconds:g} s; make it shorter "
                "(--seconds)"
            )


def release(
    trained: SequenceTrained,
    parts: Mapping[str, Recordings],
    recipe: ClassifyRecipe,
    terms: SeriesTerms,
    data_name: str,
    console: Console,
) -> None:
    """Convert, judge on the held-out part, report, and write the file where it is worthy.

    Raises:
        TrainError: it is refused; the report tells why.
    """
    window = trained.window
    assert isinstance(window, ClassWindow)
    ready = {name: part_of(part, window, recipe) for name, part in parts.items()}
    report = trained.folder / REPORT
    path = exported(
        trained,
        terms,
        ready[TRAIN].inputs[:: max(1, len(ready[TRAIN].inputs) // MOST_CALIBRATED)],
        lambda file: file_loss(file, ready[VALIDATION]),
        f"series classify: {data_name}",
        console,
    )
    with console.status("judging it on the held-out part"):
        judged = _judged(path, trained, ready[TEST], terms.budget_percent, report, console)
    show_judged(judged, console)
    console.print(f"the report is {report}", markup=False, highlight=False)
    release_series(path, judged, terms, report)
    size = terms.out.stat().st_size / 1000
    console.print(f"{terms.out} is written: {size:.0f} kB", markup=False, highlight=False)


def _judged(
    path: Path, trained: SequenceTrained, held_out: Part, budget_points: float, report: Path, console: Console
) -> Judged:
    title, subtitle = f"{trained.name}: what it is worth", f"On {len(held_out.label)} windows that were held out"
    try:
        likely = run_file(path, held_out)
    except ModelError as error:
        judged = not_run(path, error)
        write_series_report(judged, title, subtitle, ((), ()), report)
        return judged
    network = load_sequence(trained).predict(held_out.inputs, verbose=0)[PROBABILITIES]
    answers = Answers(trained.labels, held_out.label, likely, np.asarray(network, np.float64))
    judged = judge(path, answers, budget_points)
    write_series_report(judged, title, subtitle, ((confusion_plot(answers), reliability_plot(answers)), ()), report)
    show_answers(answers, console)
    return judged


def fingerprint(parts: Mapping[str, Recordings]) -> str:
    """What tells data apart: a run must go on with the same."""
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(f"{name} {part.labels} {part.channels} {part.rate_hz}".encode())
        for row in part.rows:
            digest.update(f"{row.label} {row.values.shape}".encode() + row.values.tobytes())
    return digest.hexdigest()[:16]
