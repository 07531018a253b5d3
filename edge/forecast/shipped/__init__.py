"""The trajectory model that comes along, trained on the rendered street only."""

from pathlib import Path

PATH = Path(__file__).with_name("street.tflite")


def shipped_model() -> Path | None:
    """Where it lies; None in a package without it."""
    return PATH if PATH.is_file() else None
