"""Programs from the operating system's packages that tests run for real."""

import os
import shutil
from typing import NoReturn

import pytest

SYSTEM = "/usr/sbin:/usr/local/sbin"  # often outside of a user's PATH


def program(name: str, package: str | None = None) -> str:
    """The path of a program. Where it is absent the test skips with that reason; on CI it fails instead."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + SYSTEM)
    if path is None:
        absent(f"{name} is not installed (package {package or name})")
    return path


def absent(reason: str) -> NoReturn:
    """Skip with the reason; on CI, where everything must be installed, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
