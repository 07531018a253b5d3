"""How a benchmark shows its figures: a table for people, one JSON line for programs."""

import argparse
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.paths import DATA

Figures = Mapping[str, object]


def parser(name: str, about: str) -> argparse.ArgumentParser:
    """The options that every benchmark takes; add its own to the result."""
    options = argparse.ArgumentParser(prog=f"python -m tests.bench {name}", description=about)
    options.add_argument("--data", type=Path, default=DATA, help="folder of clips, models and data sets (%(default)s)")
    return options


def machine() -> str:
    """The machine that the figures were measured on, in words."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} x {cpu}, Python {platform.python_version()}, load {load:.1f}"


def show(title: str, header: list[str], rows: list[list[object]], figures: Figures) -> None:
    """Print the table, the machine, and as the last line the figures as one JSON object."""
    print_table(title, header, rows)
    print(json.dumps(figures))


def print_table(title: str, header: list[str], rows: list[list[object]]) -> None:
    """Print the table and the machine."""
    table = Table(title=title, caption=machine())
    for column in header:
        table.add_column(column, justify="right" if column != header[0] else "left")
    for row in rows:
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    Console(width=120).print(table)
