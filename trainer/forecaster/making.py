"""What `foresight-train forecaster` does: tracks read, divided, learnt from, judged on what was held out, written."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.contracts.manifest import Task
from trainer.data.showing import show_problems
from trainer.detector.making import training_bar
from trainer.errors import TrainError
from trainer.forecaster.calibration import calibrate
from trainer.forecaster.distilling import total_steps, train_ensemble
from trainer.forecaster.judging import file_loss, judge
from trainer.forecaster.network import answers
from trainer.forecaster.preparing import Prepared, prepare
from trainer.forecaster.recipe import PathRecipe
from trainer.forecaster.report import METRES, Subject, write_paths_report
from trainer.forecaster.showing import shown_paths
from trainer.recorded.dividing import Parts, divided
from trainer.recorded.mot import Shape
from trainer.recorded.opening import described, open_recorded
from trainer.recorded.scene import Scene, Unit
from trainer.releasing.terms import refuse_unwritable
from trainer.run_folder import begin_run
from trainer.sequences.networks import load_sequence, save_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.series.checks import show_judged
from trainer.series.releasing import SeriesTerms, exported, release_series
from trainer.settling import Value, settle

REPORT, NETWORK = "report.html", "trained"
MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class TracksWish:
    """What was asked for."""

    data: str
    shape: Shape | None  # of MOT pictures without `seqinfo.ini`
    run: Path  # folder
    recipe: Path | None
    options: Mapping[str, Value]  # by dotted key of the recipe
    command: list[str]


def make_paths(wish: TracksWish, terms: SeriesTerms, console: Console) -> None:
    """From recorded tracks to a model file.

    Raises:
        TrainError, ConfigError, ModelError: in words what is wrong, where, and what to do.
    """
    recipe = settle(PathRecipe(), wish.recipe, wish.options)
    refuse_unwritable(terms.out)
    parts = opened(wish, console)
    with console.status("cutting windows"):
        prepared = prepare(parts, recipe)
    windows = f"train {len(prepared.train)}, val {len(prepared.val)}, held out {len(prepared.test)}"
    console.print(f"windows: {windows}; divided {parts.how}", markup=False, highlight=False)
    if begin_run(wish.run, recipe, wish.command, {}, {"data": fingerprint(parts)}):
        console.print(f"going on with the run in {wish.run}", markup=False, highlight=False)
    trained = learnt(prepared, recipe, wish.run, terms.out.stem, console)
    if terms.learning is not None:
        terms = replace(terms, learning=terms.learning.model_copy(update={"paths": recipe.loss}))
    release(trained, prepared, parts.test, wish, terms, console)


def opened(wish: TracksWish, console: Console) -> Parts:
    """The scenes by part; what is wrong with the files is on the screen.

    Raises:
        TrainError: there are none, or tracks on the ground stand beside tracks in pictures.
    """
    found = open_recorded(wish.data, wish.shape)
    if found.problems:
        show_problems(found.problems, Path(wish.data), MOST_PROBLEMS, console)
    units = sorted({scene.unit.value for scene in found.scenes})
    if len(units) > 1:
        raise TrainError(f"{wish.data} holds lengths of two kinds, {' and '.join(units)}; train a model for each")
    console.print(f"{found.tracks} tracks in {len(found.scenes)} scenes", markup=False, highlight=False)
    return divided(found.scenes)


def learnt(prepared: Prepared, recipe: PathRecipe, folder: Path, name: str, console: Console) -> SequenceTrained:
    """Train, make sigma honest on validation, and save."""
    with training_bar(console, total_steps(recipe)) as moved:
        model, result = train_ensemble(recipe, prepared.window, prepared.train, prepared.val.samples, folder, moved)
    factors = calibrate(model, prepared.val.samples)
    told = ", ".join(f"{factor:.2f}" for factor in factors)
    console.print(
        f"trained for {result.step} steps; ADE {-result.score:.4f} on validation; sigma multiplied by {told}",
        markup=False,
        highlight=False,
    )
    trained = SequenceTrained(folder / NETWORK, Task.FORECASTER, name, (), prepared.window)
    save_sequence(model, trained)
    return trained


def release(
    trained: SequenceTrained,
    prepared: Prepared,
    scenes: Sequence[Scene],
    wish: TracksWish,
    terms: SeriesTerms,
    console: Console,
) -> None:
    """Convert, judge on the held-out part, report, and write the file.

    Raises:
        TrainError: it is refused; the report says why.
    """
    recipe = f"{wish.recipe.name}: " if wish.recipe else ""
    learnt_from = f"{recipe}tracks of {described(wish.data)}"
    validation, test = prepared.val.samples, prepared.test
    file = exported(trained, terms, prepared.train.x, lambda path: file_loss(path, validation), learnt_from, console)
    with console.status("judging it on the held-out part"):
        network = answers(load_sequence(trained), test.samples.x)
        verdict = judge(file, network, prepared.window, test, terms.budget_percent)
    show_judged(verdict.judged, console)
    report = wish.run / REPORT
    if verdict.measured is not None:
        subject = Subject(verdict.measured, test, prepared.window, scenes[0].unit)
        subtitle = f"On the held-out part of {described(wish.data)}: {len(test)} windows of {len(scenes)} scenes"
        titles = f"{trained.name}: what it is worth", subtitle
        paths = shown_paths(file, scenes, prepared.window)
        write_paths_report(subject, [verdict.judged.judgement()], titles, paths, report)
        console.print(f"the report is {report}", markup=False, highlight=False)
    figures = {**verdict.judged.figures, METRES: float(scenes[0].unit is Unit.METRES)}
    release_series(file, replace(verdict.judged, figures=figures), terms, report)
    console.print(f"{terms.out} is written: {terms.out.stat().st_size / 1000:.0f} kB", markup=False, highlight=False)


def fingerprint(parts: Parts) -> str:
    """What tells this data from any other."""
    digest = hashlib.sha256()
    for part in (parts.train, parts.val, parts.test):
        for scene in part:
            digest.update(f"{scene.name} {scene.aspect}".encode())
            for track in scene.tracks:
                digest.update(f"{track.id} {track.label}".encode())
                digest.update(
                    np.ascontiguousarray(np.concatenate([track.t_s[:, None], track.position], axis=1)).tobytes()
                )
    return digest.hexdigest()
