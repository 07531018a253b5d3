"""What classifiers of windows are worth on recordings: `foresight-train evaluate`."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console

from edge.contracts.bundle import read_bundle
from edge.contracts.types import ModelBundle
from edge.contracts.windows import SeriesWindow, SoundWindow
from trainer.errors import TrainError
from trainer.series.checks import Judged
from trainer.series.classify.dividing import TEST, TRAIN, VALIDATION, divided
from trainer.series.classify.folders import Asked
from trainer.series.classify.judging import Answers, run_file
from trainer.series.classify.opening import open_recordings
from trainer.series.classify.plots import confusion_plot, reliability_plot
from trainer.series.classify.recordings import Recordings
from trainer.series.classify.settings import ClassifyRecipe
from trainer.series.classify.showing import show_answers
from trainer.series.classify.training import part_of
from trainer.series.report import write_series_report

PARTS: Mapping[str, str] = {"train": TRAIN, "val": VALIDATION, "validation": VALIDATION, "test": TEST}


def evaluate_sequences(models: list[Path], data: Path, part: str | None, out: Path, console: Console) -> None:
    """Score model files as the device runs them; the report is about the first one.

    Args:
        models: SEQUENCE models.
        data: recordings, see `trainer.series.classify.opening`.
        part: None = all of them; train, val or test = as training would divide them.
        out: the report.
        console: for the figures.

    Raises:
        EdgeError: models or data cannot be read, or the report cannot be written.
    """
    for number, path in enumerate(models):
        answers = answers_of(path, data, part)
        console.print(f"{path.name}:", markup=False, highlight=False)
        show_answers(answers, console)
        if not number:
            _report(path, answers, out)
    console.print(f"the report is {out}", markup=False, highlight=False)


def answers_of(path: Path, data: Path, part: str | None) -> Answers:
    """What a file says of recordings.

    Raises:
        EdgeError: it cannot be read or run, or does not fit them.
    """
    bundle = read_bundle(path)
    window = bundle.window
    if not isinstance(window, SoundWindow | SeriesWindow):
        raise TrainError(f"{path} takes no windows; name a model of `foresight-train series classify`")
    channels = window.channels if isinstance(window, SeriesWindow) else ()
    rate_hz = 1 / window.step_s if isinstance(window, SeriesWindow) else float(window.rate_hz)
    found = open_recordings(data, Asked(None, rate_hz, () if data.suffix == ".ts" else channels))
    fitting = _fitted(_part(found, part), bundle, path)
    held_out = part_of(fitting, window, ClassifyRecipe())
    if not len(held_out.label):
        raise TrainError(f"no recording of {data} is as long as a window of {path}; give longer ones")
    likely = run_file(path, held_out)
    return Answers(bundle.labels, held_out.label, likely, np.zeros((0, len(bundle.labels))))


def _part(found: Recordings, part: str | None) -> Recordings:
    if part is None:
        return found
    if part not in PARTS:
        raise TrainError(f"--split {part}: it may be {', '.join(PARTS)}, or be left out for all")
    return divided(found)[PARTS[part]]


def _fitted(found: Recordings, bundle: ModelBundle, path: Path) -> Recordings:
    """The recordings with the classes of a model.

    Raises:
        TrainError: it takes other recordings, or does not know a class of theirs.
    """
    window = bundle.window
    sounds = isinstance(window, SoundWindow)
    if found.sounds != sounds:
        raise TrainError(f"{path} takes {'sounds' if sounds else 'values'}, and the data has the other")
    if isinstance(window, SeriesWindow) and len(found.channels) != len(window.channels):
        raise TrainError(
            f"{path} takes {len(window.channels)} channels ({', '.join(window.channels)}) and the data has "
            f"{len(found.channels)} ({', '.join(found.channels)}); give data with the same"
        )
    unknown = [label for label in found.labels if label not in bundle.labels]
    if unknown:
        raise TrainError(f"{path} does not know {', '.join(unknown)}; it knows {', '.join(bundle.labels)}")
    rows = tuple(replace(row, label=bundle.labels.index(found.labels[row.label])) for row in found.rows)
    return Recordings(bundle.labels, found.channels, found.rate_hz, rows)


def _report(path: Path, answers: Answers, out: Path) -> None:
    figures = {
        "accuracy": answers.accuracy,
        "calibration_error": answers.calibration_error,
        "windows": float(len(answers.truth)),
    }
    plots = (confusion_plot(answers), reliability_plot(answers))
    title, subtitle = f"{path.name}: what it is worth", f"On {len(answers.truth)} windows"
    try:
        write_series_report(Judged(path.name, (), figures), title, subtitle, (plots, ()), out)
    except OSError as error:
        raise TrainError(f"{out} cannot be written: {error.strerror}; name another place (--out)") from error
