"""What `foresight-train detector` does: pictures opened and divided, settings picked, trained, judged, written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from trainer.data.dataset import Dataset
from trainer.data.opening import Opened, open_data
from trainer.data.readable import only_readable
from trainer.detector.choosing import choose
from trainer.detector.releasing import release_detector
from trainer.detector.settings import DetectorRecipe
from trainer.detector.training import Run, train_detector
from trainer.parts import Parts, checked, parts
from trainer.quantise.choosing import QAT
from trainer.quantise.detector import fine_tune_detector
from trainer.quantise.fine_tuning import fine_tuning
from trainer.quantise.variants import Origin, read_origin
from trainer.releasing.terms import Terms, refuse_unwritable
from trainer.run_folder import begin_run, refuse_learnt, refuse_other_pictures
from trainer.settling import Value, settle, tell_settings
from trainer.trained import Trained, is_run
from trainer.training.loop import Progress as Moved

TOLD = 10  # problems of the data that are shown; `data check` has them all


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for, beside where to train and on what terms the file goes out."""

    data: Path
    recipe: Path | None
    options: Mapping[str, Value]  # by dotted key of the recipe
    command: list[str]


def make_detector(wish: Wish, run: Run, terms: Terms, console: Console) -> None:
    """From a folder of labelled pictures to a model file.

    Raises:
        TrainError, ConfigError, ModelError: in words what is wrong, where, and what to do.
    """
    settle(DetectorRecipe(), wish.recipe, wish.options)  # a typing error is told of before anything takes time
    refuse_unwritable(terms.out)
    found = usable(parts(told(open_data(wish.data), console).splits), console)
    recipe = settled(wish, found.train, console)
    if is_run(recipe.weights):
        refuse_learnt(Path(recipe.weights), found.held_out)
    pictures = {"train": found.train, "held-out": found.held_out}
    if found.validation is not None:
        pictures["validation"] = found.validation
    if begin_run(run.folder, recipe, wish.command, pictures, run.how):
        console.print(f"going on with the run in {run.folder}", markup=False, highlight=False)
    origin = Origin(trained_detector(recipe, found, run, console), recipe, found.train)
    release_detector(origin.trained, found, terms, lambda: tuned(origin, console), console)


def export_detector(run: Path, data: Path, terms: Terms, console: Console) -> None:
    """The second half of `make_detector`, of a run that has come to its end.

    Raises:
        TrainError, ConfigError, ModelError: in words what is wrong, where, and what to do.
    """
    found = usable(parts(told(open_data(data), console).splits), console)
    refuse_other_pictures(run, "train", found.train)
    origin = read_origin(run, found.train)
    release_detector(origin.trained, found, terms, lambda: tuned(origin, console), console)


def tuned(origin: Origin, console: Console) -> Trained:
    """The network once more, with the rounding of int8 in it."""
    steps = fine_tuning(origin.recipe.training.schedule(0, 0)).steps
    with training_bar(console, steps) as moved:
        return fine_tune_detector(origin.trained, origin.recipe, origin.train, origin.trained.folder / QAT, moved)


def told(opened: Opened, console: Console) -> Opened:
    """The same, with what is in it and what is wrong with it on the screen."""
    counts = ", ".join(f"{name} {len(one)}" for name, one in opened.splits.items())
    console.print(f"{opened.form}: {counts} pictures; {', '.join(opened.labels)}", markup=False, highlight=False)
    for problem in opened.problems[:TOLD]:
        console.print(f"{problem.path}: {problem.what}: {problem.advice}", style="yellow", markup=False)
    if len(opened.problems) > TOLD:
        rest = len(opened.problems) - TOLD
        console.print(f"and {rest} more: `foresight-train data check` lists them", style="yellow", markup=False)
    return opened


def usable(found: Parts, console: Console) -> Parts:
    """The same without pictures that cannot be decoded; those are listed on the screen.

    Raises:
        TrainError: nothing is left to learn from, or to report on.
    """
    train, held_out = (_readable(one, console) for one in (found.train, found.held_out))
    validation = None if found.validation is None else _readable(found.validation, console)
    console.print(f"{found.how}: {len(train)} to learn from, {len(held_out)} to report on", highlight=False)
    return checked(Parts(train, validation, held_out, found.how))


def _readable(dataset: Dataset, console: Console) -> Dataset:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("decoding the pictures", total=len(dataset))
        kept, lost = only_readable(dataset, lambda done: progress.update(task, completed=done))
    for path in lost:
        console.print(f"{path}: cannot be decoded and is left out; save it anew", style="yellow", markup=False)
    return kept


def settled(wish: Wish, train: Dataset, console: Console) -> DetectorRecipe:
    """The settings, and why, on the screen."""
    choice = choose(train)
    recipe = settle(choice.recipe, wish.recipe, wish.options)
    tell_settings(choice.reasons, choice.recipe, recipe, console)
    return recipe


def trained_detector(recipe: DetectorRecipe, found: Parts, run: Run, console: Console) -> Trained:
    """Train with a progress bar."""
    with training_bar(console, recipe.training.steps) as moved:
        trained, result = train_detector(recipe, found.train, found.validation, run, moved)
    score = f", AP50 {result.score:.3f} on validation" if found.validation is not None else ""
    console.print(f"trained for {result.step} steps{score}", markup=False, highlight=False)
    return trained


@contextmanager
def training_bar(console: Console, steps: int) -> Iterator[Moved]:
    """A bar that moves with training and tells the losses."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("training", total=steps)

        def moved(step: int, losses: Mapping[str, float]) -> None:
            said = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
            progress.update(task, completed=step, description=f"training: {said}")

        yield moved
