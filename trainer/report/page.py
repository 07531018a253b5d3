"""Lays a report out: one HTML file that needs nothing else, and its plots as PNG files beside it."""

from pathlib import Path

from trainer.report.contents import Contents, class_table, headline, model_table, notes, particulars
from trainer.report.figure import Plot
from trainer.report.layout import template, write
from trainer.report.mistakes import worst_mistakes
from trainer.report.plots import confusion_plot, pr_plot, reliability_plot, size_plot, training_plot


def write_report(contents: Contents, out: Path) -> tuple[Path, ...]:
    """Write the page to `out` and its plots to the folder `<stem>_plots` beside it; all files that were written.

    Raises:
        OSError: they cannot be written.
    """
    evaluation = contents.scored.evaluation
    plots = (
        pr_plot(evaluation),
        reliability_plot(evaluation),
        size_plot(evaluation),
        *map(training_plot, contents.training),
    )
    big = (confusion_plot(evaluation),)
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, _page(contents, plots, big).encode())
    folder = out.with_name(f"{out.stem}_plots")
    folder.mkdir(exist_ok=True)
    files = [out]
    for plot in (*plots, *big):
        files.append(folder / f"{plot.name}.png")
        write(files[-1], plot.png)
    return tuple(files)


def _page(contents: Contents, plots: tuple[Plot, ...], big: tuple[Plot, ...]) -> str:
    scored = contents.scored
    return template("trainer.report", "page.html").render(
        title=f"{scored.run.bundle.name}: what it is worth",
        subtitle=f"On {contents.data_name}: {len(scored.run.dataset)} pictures, {scored.evaluation.boxes} boxes",
        notes=notes(scored),
        figures=headline(scored),
        tables=(model_table(contents), *contents.tables),
        class_table=class_table(scored.evaluation),
        plots=plots,
        big_plots=big,
        mistakes=worst_mistakes(scored.evaluation),
        particulars=particulars(contents),
    )
