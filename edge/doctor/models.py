"""What runs models: the library, its fast kernels, the models themselves."""

import os
import platform
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.config.settings import ModelFile, Settings
from edge.contracts.errors import ModelError
from edge.doctor.findings import Finding, ok, trouble, warning
from edge.runtime.canary import try_model
from edge.runtime.libraries import CANDIDATES, find_library
from edge.runtime.tflite import open_runtime

# What imports say, the most telling first.
_TODO = (
    (r"GLIBC_|GLIBCXX_", "the wheel needs a newer system: Debian 12 or Raspberry Pi OS bookworm at least (glibc 2.34)"),
    (r"_ARRAY_API|numpy\.core|compiled using NumPy 1", "the wheel is for another NumPy: reinstall ai-edge-litert"),
    (
        r"wrong ELF class|cannot open shared object|invalid ELF",
        "the wheel is for another machine: reinstall, for {here}",
    ),
    (r"undefined symbol", "the wheel is for another Python or damaged: reinstall ai-edge-litert, for {here}"),
    (r"", "pip install ai-edge-litert, for {here}; there are wheels for Python 3.11 to 3.13, 64 bit"),
)
_PROCESSOR = ("proc/cpuinfo", "sys/devices/system/cpu")  # what the fast kernels look at


def library(root: Path) -> Iterator[Finding]:
    """Which library runs models here."""
    try:
        found = find_library()
    except ModelError as error:
        yield trouble("runtime", str(error), todo_for_library(str(error)))
        return
    said = f"{found.name} {found.version}, NumPy {np.__version__}"
    if found.name != CANDIDATES[0].name:
        yield warning("runtime", said, f"it is a last resort: pip install {CANDIDATES[0].name.replace('_', '-')}")
    else:
        yield ok("runtime", said)
    for name in _PROCESSOR:
        if not os.access(root / name, os.R_OK):
            todo = "set ProcSubset=all in the unit, mount /sys; without it the fast kernels (XNNPACK) are left off"
            yield trouble("runtime", f"/{name} cannot be read", todo)


def todo_for_library(said: str) -> str:
    """What to do about a library that cannot be imported, by what was said of it."""
    here = f"Python {platform.python_version()} on {platform.machine()}"
    return next(todo for words, todo in _TODO if re.search(words, said)).format(here=here)


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
        with tempfile.TemporaryDirectory() as nowhere:  # the state folder is the daemon's, who may be another user
            try_model(bundle, settings.runtime, Path(nowhere))
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
