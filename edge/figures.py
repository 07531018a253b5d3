"""The figures of `foresight bench`, and how they are shown to people."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

# In the order of the chain: what each stage is, in words.
STAGES: Mapping[str, str] = {
    "read": "reading: decoding a clip, waiting for a camera",
    "activity": "looking for motion",
    "detect": "finding objects, in all",
    "preprocess": "  resizing and converting",
    "invoke": "  the model itself",
    "decode": "  reading its answer",
    "track": "following",
    "forecast": "predicting",
    "events": "zones and events",
    "encode": "writing messages",
    "age": "from picture in hand to message",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. Stage times are milliseconds of wall clock: p50, p95 and p99 by stage."""

    source: str
    model: str  # "none" where whatever moves is found without one
    runtime: str
    delegate: str  # "none": slow reference kernels, or no model
    threads: int
    frames: int
    width: int
    height: int
    fps: float
    live: bool  # the source gave the pace, else the chain did
    dropped: int  # frames of a live source that newer ones replaced
    stage_ms: Mapping[str, Mapping[str, float]]
    rss_mb: float
    cpu_percent: float  # 100 = one core
    temperature_c: float | None  # None where the board has no sensor
    throttled: tuple[str, ...]


def show_figures(figures: Figures, console: Console) -> None:
    """A table of the stages, a few lines of the rest, and warnings."""
    table = Table(title=f"{figures.source}, {figures.width} x {figures.height}", title_justify="left")
    for heading in ("stage", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage, words in STAGES.items():
        if stage in figures.stage_ms:
            table.add_row(words, *(f"{value:.2f}" for value in figures.stage_ms[stage].values()))
    console.print(table)
    for line in summary(figures):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for warning in warnings(figures):
        console.print(f"WARNING: {warning}", markup=False, highlight=False, soft_wrap=True, style="bold yellow")


def summary(figures: Figures) -> list[str]:
    """What was measured, in words."""
    pace = f"the camera's own pace, {figures.dropped} dropped" if figures.live else "as fast as the chain can follow"
    heat = "unknown" if figures.temperature_c is None else f"{figures.temperature_c:.0f} degrees Celsius"
    model = f"{figures.model}, {figures.runtime} with {figures.delegate}, {figures.threads} threads"
    return [
        f"model: {model if figures.runtime != 'none' else 'none; the motion detector finds whatever moves'}",
        f"{figures.fps:.1f} frames/s over {figures.frames} frames ({pace})",
        f"memory {figures.rss_mb:.0f} MB, processor {figures.cpu_percent:.0f} % of one core, temperature {heat}",
    ]


def warnings(figures: Figures) -> list[str]:
    """What makes the figures worse than they need to be."""
    found = []
    if figures.runtime != "none" and figures.delegate == "none":
        found.append(
            f"no accelerator was applied: {figures.model} runs on slow reference kernels, several times slower than "
            "with XNNPACK; export it with built-in operators, and see that /proc/cpuinfo can be read"
        )
    if figures.throttled:
        found.append(
            f"the board slows itself down ({', '.join(figures.throttled)}): cool it, and check its power supply"
        )
    return found
