"""What `foresight-train data check|stats|split|preview` do."""

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from trainer.data.coco_writing import common_folder, write_coco
from trainer.data.dataset import Dataset
from trainer.data.decoding import decode_all
from trainer.data.dividing import divide
from trainer.data.opening import Opened, open_data
from trainer.data.parts import part
from trainer.data.preview import preview, write_png
from trainer.data.problem import Problem, Severity
from trainer.data.showing import show_problems, show_statistics, show_verdict
from trainer.errors import TrainError

PICTURES = "pictures"  # the link to them, beside the written JSON files
COLUMNS, SHEET_PX = 4, 1600


def check(folder: Path, most: int, console: Console) -> int:
    """Look at everything, decode every picture; the exit code, 1 with errors."""
    opened = open_data(folder)
    problems = [*opened.problems, *_decoded(opened, console)]
    show_problems(problems, folder, most, console, "--most 0 shows all")
    show_verdict(opened.splits, opened.form, problems, console)
    return int(any(one.severity is Severity.ERROR for one in problems))


def stats(folder: Path, console: Console) -> None:
    """Show what there is."""
    opened = open_data(folder)
    show_statistics(opened.splits, opened.labels, console)
    show_verdict(opened.splits, opened.form, opened.problems, console)


def split(folder: Path, shares: Mapping[str, float], out: Path, seed: int, console: Console) -> None:
    """Divide a data set anew: one COCO JSON per part, and a link to the pictures, which stay where they are.

    Raises:
        TrainError: the place is not fit for it.
    """
    opened = open_data(folder)
    if out.resolve().is_relative_to(folder.resolve()):
        raise TrainError(f"{out} lies in the data's own folder, which would be read twice; name another (--out)")
    whole = Dataset(opened.labels, tuple(one for held in opened.splits.values() for one in held.pictures))
    made = divide(whole, shares, seed)
    empty = [name for name, held in made.items() if not len(held)]
    if empty:
        raise TrainError(f"{len(whole)} pictures are too few for {', '.join(made)}: {empty[0]} would be empty")
    base = common_folder(whole)
    try:
        _write(made, base, out)
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror}; name another folder (--out)") from error
    show_problems(opened.problems, folder, 10, console)
    show_verdict(made, "COCO", opened.problems, console)
    console.print(f"written to {out}; train with --data {out}", markup=False, highlight=False, soft_wrap=True)


def show_sheet(folder: Path, name: str | None, most: int, out: Path, seed: int, console: Console) -> None:
    """Write a contact sheet of some pictures of a part (none = of all)."""
    opened = open_data(folder)
    every = tuple(one for held in opened.splits.values() for one in held.pictures)
    dataset = Dataset(opened.labels, every) if name is None else part(opened, name)[1]
    write_png(preview(dataset, most, COLUMNS, SHEET_PX, seed), out)
    told = f"{min(most, len(dataset))} of {len(dataset)} pictures: {out}"
    console.print(told, markup=False, highlight=False, soft_wrap=True)


def _decoded(opened: Opened, console: Console) -> list[Problem]:
    pictures = [one for held in opened.splits.values() for one in held.pictures]
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("decoding every picture", total=len(pictures))
        return decode_all(pictures, lambda done: progress.update(task, completed=done))


def _write(made: Mapping[str, Dataset], base: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    link = out / PICTURES
    if link.is_symlink():
        link.unlink()
    elif link.exists():
        raise TrainError(f"{link} is in the way; move it, or name another folder (--out)")
    for old in ("train", "val", "test"):
        (out / f"{old}.json").unlink(missing_ok=True)
    link.symlink_to(base, target_is_directory=True)
    for name, held in made.items():
        write_coco(held, out / f"{name}.json", base)
