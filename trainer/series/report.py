"""The report of a series model: the gate's answers, figures and plots in one HTML file."""

from collections.abc import Sequence
from pathlib import Path

from trainer.report.figure import Plot
from trainer.report.layout import template, write
from trainer.report.page import PARTS
from trainer.series.checks import Judged


def write_series_report(
    judged: Judged, title: str, subtitle: str, plots: tuple[Sequence[Plot], Sequence[Plot]], out: Path
) -> None:
    """Write the page to `out`, and the plots as PNG beside it.

    Args:
        judged: the gate's verdict.
        title: of the page.
        subtitle: below it.
        plots: small ones, and ones over the whole width.
        out: the HTML file.

    Raises:
        OSError: it cannot be written.
    """
    small, big = plots
    figures = tuple((name.replace("_", " "), f"{value:.4g}") for name, value in judged.figures.items())
    page = template("trainer.report", "page.html").render(
        **{
            **dict.fromkeys(PARTS, ()),
            "title": title,
            "subtitle": subtitle,
            "judgements": (judged.judgement(),),
            "figures": figures,
            "plots": tuple(small),
            "big_plots": tuple(big),
        }
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, page.encode())
    folder = out.with_name(f"{out.stem}_plots")
    folder.mkdir(exist_ok=True)
    for plot in (*small, *big):
        write(folder / f"{plot.name}.png", plot.png)
