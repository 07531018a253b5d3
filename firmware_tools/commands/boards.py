"""`foresight-firmware boards`: what the daemon runs on."""

from rich.console import Console


def boards() -> None:
    """Show the boards, how well each is known, and what to mind."""
    from firmware_tools.boards.shown import show  # noqa: PLC0415 - commands load only what they need

    show(Console())
