"""The libraries that can run a `.tflite`, best first. Nothing is imported before it is needed.

Light on purpose: the trial of a new model (`edge.runtime.canary`) imports this in a process of its own.
"""

import importlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.contracts.errors import ModelError


@dataclass(frozen=True, slots=True)
class Candidate:
    """A library that may be installed: the module with `Interpreter`, and the one that knows the version."""

    name: str
    module: str
    package: str


@dataclass(frozen=True, slots=True)
class Library:
    """A library that is there."""

    name: str
    version: str
    module: Any  # has Interpreter and load_delegate

    @property
    def key(self) -> str:
        """What must be the same for one trial of a model to speak for another run."""
        return f"{self.name} {self.version} {platform.machine()}"


CANDIDATES = (
    Candidate("ai_edge_litert", "ai_edge_litert.interpreter", "ai_edge_litert"),
    Candidate("tflite_runtime", "tflite_runtime.interpreter", "tflite_runtime"),
    Candidate("tensorflow", "tensorflow.lite.python.interpreter", "tensorflow"),
)


def find_library(candidates: Sequence[Candidate] = CANDIDATES) -> Library:
    """Import the first library that can be.

    Raises:
        ModelError: none can; the message says why for each.
    """
    reasons = []
    for candidate in candidates:
        try:
            module = importlib.import_module(candidate.module)
            version = getattr(importlib.import_module(candidate.package), "__version__", "?")
        except (ImportError, AttributeError, OSError) as error:  # the last two: built against another NumPy or libc
            reasons.append(f"{candidate.name}: {error}")
        else:
            return Library(candidate.name, str(version), module)
    raise ModelError(f"no library that runs models can be imported; pip install ai-edge-litert ({'; '.join(reasons)})")
