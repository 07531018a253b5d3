"""Plots, drawn once and given out twice: as PNG, and as SVG that follows the page into the dark.

Drawn by matplotlib: one drawing gives both, where hand-written SVG would need a browser to become a PNG. Its SVG
carries fixed colours; here the ones in `INKS` stand for variables of the page's style and are replaced by them.
"""

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, SOFT, GRID = "#1c2430", "#5a6573", "#d5dae1"
INKS = {INK: "var(--ink)", SOFT: "var(--soft)", GRID: "var(--line)"}
COLOURS = ("#2f7ed8", "#e0762f", "#2ca77a", "#b65fc9", "#c9a227", "#d9534f", "#4fb3c4", "#8a8f98")  # good on both
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "foresight",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}
PNG_DPI = 160


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot: `name` is a file name without suffix, `title` its heading, `text` what it shows in words."""

    name: str
    title: str
    text: str
    svg: str
    png: bytes


@contextmanager
def drawing(width: float = 5.6, height: float = 3.6) -> Iterator[tuple[Figure, Axes]]:
    """An empty plot, inches, in the style of the report while the block lasts."""
    with style.context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


def finished(figure: Figure, name: str, title: str, text: str) -> Plot:
    """Give a drawn plot out. Call it inside the block of `drawing`."""
    svg, png = io.StringIO(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None})
    figure.savefig(png, format="png", dpi=PNG_DPI)
    return Plot(name, title, text, _inline(svg.getvalue(), name, text), png.getvalue())


def _inline(svg: str, name: str, text: str) -> str:
    """An SVG for the inside of a page: no prologue, no fixed size or background, names of its own, page's inks."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'<g id="patch_1">.*?</g>', "", svg, count=1, flags=re.DOTALL)  # the paper
    svg = re.sub(r'<g id="patch_2">.*?</g>', "", svg, count=1, flags=re.DOTALL)  # and the field of the axes
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
    for fixed, variable in INKS.items():
        svg = svg.replace(fixed, variable)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(text)}"', 1)
