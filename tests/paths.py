"""Where the tests find the real clips, models and data sets."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("FORESIGHT_DATA", REPOSITORY.parent / "shared" / "data"))


def data(*parts: str) -> Path:
    """A file or folder of the data, or a skipped test where it is absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{'/'.join(parts)} is not in the data folder (set FORESIGHT_DATA)")
    return path
