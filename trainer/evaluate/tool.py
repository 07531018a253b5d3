"""`foresight-train evaluate`, from the folder of pictures to the report."""

from pathlib import Path

from rich.console import Console

from trainer.data.opening import open_data
from trainer.data.parts import part
from trainer.data.showing import show_problems
from trainer.errors import TrainError
from trainer.evaluate.command import evaluate_models, show_and_write

MOST_PROBLEMS = 5


def evaluate_files(
    models: list[Path], data: Path, split: str | None, labels: Path | None, out: Path, threads: int, console: Console
) -> None:
    """Score model files on one part of a folder of labelled pictures.

    Raises:
        EdgeError: data or models cannot be read, or the report cannot be written.
    """
    opened = open_data(data)
    name, dataset = part(opened, split)
    show_problems(opened.problems, data, MOST_PROBLEMS, console)
    title = f"{data.absolute().name}, {name}"
    contents = evaluate_models(models, dataset, data_name=title, labels=labels, threads=threads, console=console)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        show_and_write(contents, out, console)
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror}; name another place (--out)") from error
