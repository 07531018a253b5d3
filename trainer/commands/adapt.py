"""`foresight-train adapt`: a small detector for one scene, learnt from the owner's own footage without a label."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from trainer.commands.options import AcceptLoss, Budget, Kind, Side, Steps, Variant, Weights, Width


def adapt(  # noqa: PLR0913 - a command has as many options as its users need
    *,
    teacher: Annotated[Path, typer.Option(help="A strong detector, .tflite", show_default=False)],
    footage: Annotated[Path, typer.Option(help="Folder of video files, or of pictures", show_default=False)],
    out: Annotated[Path, typer.Option(help="The student to write")] = Path("student.tflite"),
    run: Annotated[Path | None, typer.Option(help="Folder of labels, training and report [runs/NAME]")] = None,
    student: Annotated[Path | None, typer.Option(help="The student as it was, .tflite, to compare with")] = None,
    truth: Annotated[Path | None, typer.Option(help="True labels of held-out frames, if there are any")] = None,
    teacher_labels: Annotated[Path | None, typer.Option(help="The teacher's labels, if it holds none")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A label to learn; more than once for more [all]")] = None,
    trusted: Annotated[
        float, typer.Option(help="Score at which the teacher is as often right", min=0.05, max=0.95)
    ] = 0.6,
    tiles: Annotated[int, typer.Option(help="Tiles across, where small objects matter; 1 = none", min=1, max=3)] = 1,
    look_fps: Annotated[float, typer.Option(help="Frames a second that the teacher looks at", min=0.1, max=120)] = 10.0,
    keep: Annotated[float, typer.Option(help="Seconds between pictures that are learnt from", min=0.0)] = 0.5,
    gap: Annotated[float, typer.Option(help="Seconds left out before the held-out last part", min=0.0)] = 3.0,
    held_out: Annotated[float, typer.Option(help="Last share of each clip to report on", min=0.05, max=0.9)] = 0.25,
    label_only: Annotated[bool, typer.Option("--label-only", help="Label the footage and stop")] = False,
    recipe: Annotated[Path | None, typer.Option(help="A YAML file of settings of the training")] = None,
    steps: Steps = None,
    px: Side = None,
    width: Width = None,
    weights: Weights = None,
    variant: Variant = Kind.BEST,
    budget: Budget = 1.0,
    accept_loss: AcceptLoss = "",
    threads: Annotated[int, typer.Option(help="CPU threads of the teacher and of the scoring", min=1, max=64)] = 2,
) -> None:
    """Label footage with a strong model, clean the labels by tracks, train a small student, judge and report it."""
    from rich.console import Console  # noqa: PLC0415 - commands load only what they need

    from trainer.adapt import command  # noqa: PLC0415
    from trainer.adapt.settings import CleaningSettings, FootageSettings  # noqa: PLC0415
    from trainer.adapt.teacher import TeacherSettings  # noqa: PLC0415
    from trainer.evaluate.running import read_detector  # noqa: PLC0415

    console, place = Console(), run or Path("runs") / out.stem
    lesson = command.Lesson(
        read_detector(teacher, teacher_labels),
        TeacherSettings(tiles=tiles, threads=threads),
        tuple(only or ()),
        FootageSettings(look_fps=look_fps, keep_s=keep, gap_s=gap, held_out_share=held_out),
        CleaningSettings().trusting(trusted),
    )
    exam = command.Exam(None if student is None else read_detector(student), truth, threads)
    labelled = command.label(footage, place, lesson, console)
    if label_only:
        return

    from trainer.adapt.student import StudentWish, train_student  # noqa: PLC0415 - TensorFlow takes seconds to load

    asked = {"training.steps": steps, "network.input_px": px, "network.width": width, "weights": weights}
    options = {key: value for key, value in asked.items() if value is not None}
    wish = StudentWish(recipe, options, sys.argv, variant.value, budget, accept_loss)
    command.adapt(labelled, place, out, partial(train_student, wish=wish, console=console))
    command.examine(labelled, place, out, lesson, exam, console)
