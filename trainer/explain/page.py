"""Lays an explanation out: one HTML file that needs nothing else, and its pictures as PNG files beside it."""

from pathlib import Path

from edge.contracts.types import U8
from trainer.errors import TrainError
from trainer.explain.contents import Explanation
from trainer.explain.sheets import encoded
from trainer.report.layout import template, write

PAGE = "explain.html"


def write_explanation(explanation: Explanation, out: Path) -> tuple[Path, ...]:
    """Write the page and its pictures into a folder; all files that were written, the page first.

    Raises:
        TrainError: they cannot be written.
    """
    page = template("trainer.explain", PAGE, jpeg=_jpeg).render(
        title=explanation.title,
        subtitle=explanation.subtitle,
        notes=explanation.notes,
        figures=explanation.figures,
        sections=explanation.sections,
        table=explanation.table,
        particulars=explanation.particulars,
    )
    shots = [shot for section in explanation.sections for shot in section.shots]
    files = [out / PAGE, *(out / f"{shot.name}.png" for shot in shots)]
    try:
        out.mkdir(parents=True, exist_ok=True)
        write(files[0], page.encode())
        for path, shot in zip(files[1:], shots, strict=True):
            write(path, encoded(shot.pixels, ".png"))
    except OSError as error:
        raise TrainError(
            f"{error.filename or out} cannot be written: {error.strerror}; choose another --out"
        ) from error
    return tuple(files)


def _jpeg(pixels: U8) -> bytes:
    return encoded(pixels, ".jpg")
