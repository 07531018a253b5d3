"""The boards, as a person reads them."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from firmware_tools.boards.facts import BOARDS, GLIBC, Board

COLUMNS = ("name", "board", "Debian", "MiB", "Edge TPU", "A/B", "standing")


def show(console: Console) -> None:
    """Print each board, and below what to mind."""
    table = Table(*COLUMNS, box=SIMPLE, pad_edge=False)
    for board in BOARDS:
        table.add_row(*_cells(board))
    console.print(table)
    for board in BOARDS:
        for note in board.notes:
            console.print(f"{board.name}: {note}.", markup=False, highlight=False, soft_wrap=True)
    least = ".".join(map(str, GLIBC))
    everywhere = f"All: 64 bit, Python 3.11 to 3.13, glibc {least} or later (Debian 12 has 2.36)."
    console.print(everywhere, highlight=False, soft_wrap=True)


def _cells(board: Board) -> tuple[str, ...]:
    return (
        board.name,
        board.title,
        f"{board.debian}+",
        f"{board.memory_mib}",
        ", ".join(board.coral),
        "yes" if board.tryboot else "no",
        board.standing,
    )
