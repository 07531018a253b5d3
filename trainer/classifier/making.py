"""What `foresight-train classifier` does: pictures opened and divided, settings picked, trained, judged, written."""

from pathlib import Path

from rich.console import Console

from edge.config.loader import load
from trainer.classifier.choosing import choose
from trainer.classifier.fine_tuning import fine_tune_classifier
from trainer.classifier.parts import Divided, divided
from trainer.classifier.releasing import release_classifier
from trainer.classifier.settings import ClassifierRecipe
from trainer.classifier.training import train_classifier
from trainer.data.dataset import Dataset
from trainer.data.opening import open_data
from trainer.detector.making import Wish, told, training_bar, usable
from trainer.detector.training import Run
from trainer.parts import parts
from trainer.quantise.choosing import QAT
from trainer.quantise.fine_tuning import fine_tuning
from trainer.releasing.terms import Terms, refuse_unwritable
from trainer.run_folder import SETTINGS, begin_run, refuse_learnt, refuse_other_pictures
from trainer.settling import settle, tell_settings
from trainer.trained import Trained, is_run, read_trained


def make_classifier(wish: Wish, run: Run, terms: Terms, console: Console) -> None:
    """From a folder of labelled pictures to a model file.

    Raises:
        TrainError, ConfigError, ModelError: in words what is wrong, where, and what to do.
    """
    settle(ClassifierRecipe(), wish.recipe, wish.options)  # a typing error is told of before anything takes time
    refuse_unwritable(terms.out)
    found = divided(usable(parts(told(open_data(wish.data), console).splits), console), run.folder, console)
    counts = ", ".join(f"{name} {len(one)}" for name, one in found.named.items())
    console.print(f"samples: {counts}; {len(found.train.labels)} classes", markup=False, highlight=False)
    recipe = settled(wish, found.train, console)
    if is_run(recipe.weights):
        refuse_learnt(Path(recipe.weights), found.held_out)
    if begin_run(run.folder, recipe, wish.command, found.named, run.how):
        console.print(f"going on with the run in {run.folder}", markup=False, highlight=False)
    trained = trained_classifier(recipe, found, run, console)
    release_classifier(trained, found, terms, lambda: tuned(trained, recipe, found.train, console), console)


def export_classifier(run: Path, data: Path, terms: Terms, console: Console) -> None:
    """The second half of `make_classifier`, of a run that has come to its end.

    Raises:
        TrainError, ConfigError, ModelError: in words what is wrong, where, and what to do.
    """
    found = divided(usable(parts(told(open_data(data), console).splits), console), run, console)
    refuse_other_pictures(run, "train", found.train)
    trained, recipe = read_trained(run), load(run / SETTINGS, ClassifierRecipe)
    release_classifier(trained, found, terms, lambda: tuned(trained, recipe, found.train, console), console)


def settled(wish: Wish, train: Dataset, console: Console) -> ClassifierRecipe:
    """The settings, and why, on the screen."""
    choice = choose(train)
    recipe = settle(choice.recipe, wish.recipe, wish.options)
    tell_settings(choice.reasons, choice.recipe, recipe, console)
    return recipe


def trained_classifier(recipe: ClassifierRecipe, found: Divided, run: Run, console: Console) -> Trained:
    """Train with a progress bar."""
    with training_bar(console, recipe.training.steps) as moved:
        trained, result, sure = train_classifier(recipe, found.train, found.validation, run, moved)
    score = f", {100 * result.score:.1f} % right on validation" if len(found.validation) else ""
    console.print(f"trained for {result.step} steps{score}; {sure.words()}", markup=False, highlight=False)
    return trained


def tuned(trained: Trained, recipe: ClassifierRecipe, train: Dataset, console: Console) -> Trained:
    """The network once more, with the rounding of int8 in it."""
    steps = fine_tuning(recipe.training.schedule(0, 0)).steps
    with training_bar(console, steps) as moved:
        return fine_tune_classifier(trained, recipe, train, trained.folder / QAT, moved)
