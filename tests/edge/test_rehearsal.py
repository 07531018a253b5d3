"""What every model is made to do before it serves: what it is shown, and what that costs to load."""

import subprocess
import sys

import numpy as np
import pytest

from edge.contracts.sandbox import bare_environment
from edge.runtime.rehearsal import _noise

HEAVY = {"pydantic", "zipfile", "numpy.random", "edge.contracts.types", "edge.contracts.bundle"}


@pytest.mark.parametrize("shape", [(0, 3), (), (1, 16), (1, 64, 48, 3)])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.int32, np.float32])
def test_noise_has_values_that_differ(shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    made = _noise({"shape": np.array(shape, np.int32), "dtype": dtype})
    assert (made.shape, made.dtype) == (shape, np.dtype(dtype))
    assert made.size < 16 or np.unique(made).size > 1
    assert not made.size or (made.min() >= 0 and made.max() < 128)


def test_a_new_model_waits_for_few_imports() -> None:
    """The process that stands between a new model and its first detection mostly imports."""
    code = "import sys, edge.contracts.sandboxed, edge.runtime.canary_child; print(*sys.modules)"
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=bare_environment())
    assert HEAVY & set(done.stdout.split()) == set()
