"""TensorFlow, where it is installed: it is the trainer's alone, and large."""

from typing import Any

import pytest


def tensorflow() -> Any:
    """The module; the test file skips with the reason where it is absent."""
    return pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e '.[trainer]'")
