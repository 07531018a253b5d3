"""What `foresight-train adapt` does: footage labelled, a student trained and judged, and all of it reported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Shown

from edge.contracts.types import ModelBundle
from trainer.adapt.labelling import Footage, Plan, label_footage
from trainer.adapt.notes import Notes
from trainer.adapt.report import AGREEMENT, TRUTH, footage_table, score_table, write_adaptation
from trainer.adapt.scoring import Examinee, Marked, mark, with_truth
from trainer.adapt.seeing import seeing
from trainer.adapt.settings import CleaningSettings, FootageSettings
from trainer.adapt.teacher import Teacher, TeacherSettings
from trainer.adapt.writing import TEST, TRAIN, read_unsure
from trainer.data.opening import open_data
from trainer.data.preview import preview, write_png
from trainer.errors import TrainError
from trainer.evaluate.running import read_detector
from trainer.report.contents import Table

DATA, LOOKS, STUDENT, REPORT, SHEET = "data", "looks", "student", "adaptation.html", "labels-{}.png"
SHOWN, COLUMNS, WIDTH = 12, 3, 1500  # of the contact sheets

TrainStudent = Callable[[Path, Path, Path], None]  # data set, folder of the run, model file to write


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is taught, by whom."""

    teacher: ModelBundle
    looks: TeacherSettings
    wanted: tuple[str, ...]  # labels; none = all that it finds
    footage: FootageSettings
    cleaning: CleaningSettings

    def told(self) -> str:
        """All that the teacher's looks depend on."""
        settings = self.looks.model_dump_json() + self.footage.model_dump_json()
        return f"{self.teacher.sha256} {self.teacher.labels} {sorted(self.wanted)} {settings}"


@dataclass(frozen=True, slots=True)
class Exam:
    """What the student is compared with, beside its teacher."""

    untouched: ModelBundle | None  # the student as it was
    truth: Path | None  # a data set that labels held-out frames, by the names of their pictures
    threads: int


def label(clips: Path, run: Path, lesson: Lesson, console: Console) -> Footage:
    """Label footage into the run's folder, with contact sheets to look at.

    Raises:
        TrainError, ModelError: in words.
    """
    notes = Notes(run / LOOKS, lesson.told())
    plan = Plan(lesson.teacher.labels, lesson.footage, lesson.cleaning, notes)
    columns = (TextColumn("{task.description}"), TimeElapsedColumn())
    with Teacher(lesson.teacher, lesson.looks) as teacher, Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("the teacher looks")

        def moved(name: str, t_s: float) -> None:
            bar.update(task, description=f"the teacher looks at {name}: {t_s:.0f} s")

        footage = label_footage(clips, run / DATA, seeing(teacher, lesson.wanted), plan, moved)
    _show(footage_table(footage), console)
    for part, dataset in footage.parts.items():
        if len(dataset):
            sheet = run / SHEET.format(part)
            write_png(preview(dataset, SHOWN, COLUMNS, WIDTH, 1), sheet)
            console.print(f"look at the labels: {sheet}", markup=False, highlight=False)
    return footage


def adapt(footage: Footage, run: Path, out: Path, train: TrainStudent) -> None:
    """Train the student, where there is enough to learn from and to report on.

    Raises:
        TrainError: there is not; the gate refuses the student; ...
    """
    for part, purpose in ((TRAIN, "learn from"), (TEST, "report on")):
        if not any(len(picture.label) for picture in footage.parts[part].pictures):
            raise TrainError(
                f"the footage leaves no labelled frame to {purpose}: {'; '.join(footage.cuts)}; give longer clips, or "
                "more of them, or a smaller gap (--gap)"
            )
    train(run / DATA, run / STUDENT, out)


def examine(footage: Footage, run: Path, student: Path, lesson: Lesson, exam: Exam, console: Console) -> Path:
    """Score the student, its teacher and the student as it was on the held-out frames; the report.

    Raises:
        TrainError, ModelError: in words.
    """
    models = [Examinee("student", read_detector(student)), Examinee("teacher", lesson.teacher)]
    if exam.untouched is not None:
        models.append(Examinee("untouched student", exam.untouched))
    held_out = footage.parts[TEST]
    agreement = mark(models, held_out, read_unsure(run / DATA), threads=exam.threads)
    tables = [score_table(AGREEMENT, agreement), *_against_truth(models, footage, exam), footage_table(footage)]
    for table in tables[:-1]:
        _show(table, console)
    if exam.untouched is None:
        console.print("no --student was given: nothing is said of the student as it was", style="yellow")
    return _written(tables, agreement, run / REPORT, console)


def _against_truth(models: Sequence[Examinee], footage: Footage, exam: Exam) -> list[Table]:
    if exam.truth is None:
        return []
    opened = open_data(exam.truth)
    known = [with_truth(footage.parts[TEST], one) for one in opened.splits.values()]
    fullest = max(known, key=len)
    if not len(fullest):
        raise TrainError(f"{exam.truth} labels none of the held-out frames; its pictures must have their names")
    return [score_table(TRUTH, mark(models, fullest, {}, threads=exam.threads))]


def _written(tables: Sequence[Table], agreement: Sequence[Marked], path: Path, console: Console) -> Path:
    try:
        write_adaptation(tables, agreement, path)
    except OSError as error:
        raise TrainError(f"{path} cannot be written: {error.strerror}; name another folder (--run)") from error
    console.print(f"the report is {path}", markup=False, highlight=False)
    return path


def _show(table: Table, console: Console) -> None:
    shown = Shown(title=escape(table.title), title_justify="left")
    for number, heading in enumerate(table.heading):
        shown.add_column(heading, justify="right" if number else "left")
    for row in table.rows:
        shown.add_row(*map(escape, row))
    console.print(shown)
    for text in table.text:
        console.print(text, markup=False, highlight=False)
