"""What runs models: the library, its fast kernels, the models themselves."""

import platform
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.config.settings import ModelFile, Settings
from edge.contracts.errors import ModelError
from edge.doctor.findings import Finding, ok, trouble, warning
from edge.runtime.canary import try_model
from edge.runtime.libraries import CANDIDATES, find_library
from edge.runtime.tflite import open_runtime


def library(root: Path) -> Iterator[Finding]:
    """Which library runs models here."""
    try:
        found = find_library()
    except ModelError as error:
        todo = f"pip install ai-edge-litert, for Python {platform.python_version()} on {platform.machine()}"
        yield trouble("runtime", str(error), todo)
        return
    said = f"{found.name} {found.version}, NumPy {np.__version__}"
    if found.name != CANDIDATES[0].name:
        yield warning("runtime", said, f"it is a last resort: pip install {CANDIDATES[0].name.replace('_', '-')}")
    else:
        yield ok("runtime", said)
    if not (root / "proc/cpuinfo").exists():
        todo = "set ProcSubset=all in the unit; without it the fast kernels (XNNPACK) are left off"
        yield trouble("runtime", "/proc/cpuinfo cannot be read", todo)


def models(settings: Settings) -> Iterator[Finding]:
    """Each model that is configured, run for real."""
    for name, model in settings.model_files:
        yield from _model(f"model {name}", model, settings)


def _model(subject: str, model: ModelFile, settings: Settings) -> Iterator[Finding]:
    try:
        bundle = model.read()
        if bundle.edgetpu:
            yield ok(subject, f"{bundle.head.value}, compiled for the Edge TPU")
            return
        try_model(bundle, settings.runtime, settings.device.state_dir)
        with open_runtime(bundle, settings.runtime) as runtime:
            delegate = runtime.delegate
    except ModelError as error:
        yield trouble(subject, str(error), "give another model file")
        return
    if delegate == "none":
        todo = "read /proc/cpuinfo as the daemon's user; in a unit, ProcSubset=all"
        yield warning(subject, f"{bundle.head.value} runs on the slow reference kernels", todo)
    else:
        yield ok(subject, f"{bundle.head.value} on {delegate}, {len([one for one in bundle.labels if one])} labels")
