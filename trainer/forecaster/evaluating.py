"""What trajectory models are worth on recorded tracks: `foresight-train evaluate MODEL --data TRACKS`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table as ScreenTable

from edge.contracts.bundle import read_bundle, read_manifest
from edge.contracts.windows import TrackWindow
from trainer.data.showing import show_problems
from trainer.errors import TrainError
from trainer.forecaster.measures import Measured, mean, measure
from trainer.forecaster.report import METRES, UNITS, Subject, write_paths_report
from trainer.forecaster.served import file_answers, window_of
from trainer.forecaster.showing import shown_paths
from trainer.gate.release import HELD_OUT
from trainer.recorded.dividing import NAMES, divided
from trainer.recorded.following import Watching
from trainer.recorded.opening import described, open_recorded
from trainer.recorded.scene import Scene, Unit
from trainer.recorded.windows import Windows, cut

EVERY_S = 0.4
MOST_PROBLEMS = 5


def evaluate_paths(models: Sequence[Path], data: Path, part: str | None, out: Path, console: Console) -> None:
    """Score model files as the daemon runs them, beside straight lines; the report is about the first.

    Args:
        models: one or several, of any windows.
        data: recorded tracks, or the word `street`.
        part: train, val or test, as the data is divided; None = all of it.
        out: the report.
        console: where figures are shown.

    Raises:
        EdgeError: models or data cannot be read, or the report cannot be written.
    """
    windows = [window_of(read_bundle(model)) for model in models]
    scenes = _scenes(data, part, console)
    scored = [_scored(model, window, scenes) for model, window in zip(models, windows, strict=True)]
    for model, window, (measured, cutting) in zip(models, windows, scored, strict=True):
        _show(model, window, measured, cutting, console)
    notes = [foreign_unit(model, scenes[0].unit, one) for model, (one, _) in zip(models, scored, strict=True)]
    for note in filter(None, notes):
        console.print(note, style="yellow", markup=False, highlight=False)
    measured, cutting = scored[0]
    subject = Subject(measured, cutting, windows[0], scenes[0].unit)
    titles = (f"{models[0].name}: what it is worth", f"On {described(str(data))}: {len(cutting)} windows. {notes[0]}")
    write_paths_report(subject, (), titles, shown_paths(models[0], scenes, windows[0]), out)
    console.print(f"the report is {out}", markup=False, highlight=False)


def foreign_unit(model: Path, unit: Unit, measured: Measured) -> str:
    """What is to be said of a model that was trained on lengths of another kind, "" where it was not."""
    manifest = read_manifest(model)
    told = manifest.metrics.get(HELD_OUT, {}).get(METRES) if manifest else None
    trained = None if told is None else Unit.METRES if told else Unit.HEIGHTS
    if trained is unit:
        return ""
    if trained is None:
        of = f"does not tell whether it was trained in {' or in '.join(UNITS.values())}"
    else:
        of = f"was trained in {UNITS[trained]}"
    gain = 1 - measured.ade / max(mean(measured.line), 1e-9)
    return (
        f"{model.name} {of}, and these tracks are in {UNITS[unit]}: figures in the two do not compare. Here it is "
        f"{abs(gain):.1%} {'nearer than' if gain >= 0 else 'farther off than'} straight lines."
    )


def _scenes(data: Path, part: str | None, console: Console) -> tuple[Scene, ...]:
    found = open_recorded(str(data))
    if found.problems:
        show_problems(found.problems, data, MOST_PROBLEMS, console)
    if len({scene.unit for scene in found.scenes}) > 1:
        raise TrainError(f"{data} holds lengths of two kinds, {' and '.join(UNITS.values())}; score each by itself")
    if part is None:
        return found.scenes
    if part not in NAMES:
        raise TrainError(f"--split {part}: tracks are divided into {', '.join(NAMES)}; name one of them, or none")
    chosen: tuple[Scene, ...] = getattr(divided(found.scenes), part)
    return chosen


def _scored(model: Path, window: TrackWindow, scenes: Sequence[Scene]) -> tuple[Measured, Windows]:
    cutting = cut(scenes, window, [Watching(EVERY_S)])
    return measure(file_answers(model, cutting.samples.x), cutting.samples), cutting


def _show(model: Path, window: TrackWindow, measured: Measured, cutting: Windows, console: Console) -> None:
    """Distances by horizon on the screen."""
    title = f"{model.name}: learned / straight line; {measured.coverage:.1%} within sigma"
    table = ScreenTable(title=title, title_justify="left")
    for heading in ("tracks", "windows", *(f"{horizon:g} s" for horizon in window.horizons_s)):
        table.add_column(heading, justify="left" if heading == "tracks" else "right")
    groups = {"all": np.ones(len(cutting), bool), "turning": cutting.turning, "not turning": ~cutting.turning}
    for name, rows in groups.items():
        one = measured.at(rows)
        cells = [
            f"{mean(off):.3f} / {mean(line):.3f}" if np.isfinite(off).any() else "-"
            for off, line in zip(one.off.T, one.line.T, strict=True)
        ]
        table.add_row(name, str(int(rows.sum())), *cells)
    console.print(table)
