"""The app that Flower is given: it says what to load on the host, and holds nothing for the devices."""

from importlib.metadata import version
from pathlib import Path

from edge.federated.settings import SETTINGS

NAME, PACKAGE = "foresight-rounds", "foresight_rounds"
_PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0.0"
description = "Rounds of learning together"
license = {{ file = "LICENSE" }}
dependencies = ["flwr>={version}"]

[tool.flwr.app]
publisher = "foresight"
fab-format-version = 1
flwr-version-target = "{version}"

[tool.flwr.app.components]
serverapp = "{package}.server:app"
clientapp = "{package}.device:app"

[tool.flwr.app.config]
plan = "{plan}"
"""
_SERVER = """\
from flwr.serverapp import ServerApp

from trainer.federated.serving import serve

app = ServerApp()
app.main()(serve)
"""
# Flower wants something to be named here when the app is packed. Devices have an app of their own.
_DEVICE = f"""\
import os

app = None
if {SETTINGS!r} in os.environ:
    raise SystemExit("the app of the host was run on a device")
"""


def write_app(folder: Path, plan: Path) -> None:
    """Write it into a new folder; `plan` is the file that the host's part reads."""
    package = folder / PACKAGE
    package.mkdir(parents=True)
    path = str(plan.resolve()).replace("\\", "\\\\").replace('"', '\\"')
    (folder / "pyproject.toml").write_text(
        _PROJECT.format(name=NAME, package=PACKAGE, version=version("flwr"), plan=path)
    )
    (folder / "LICENSE").write_text("Apache-2.0\n")
    for name, content in (("__init__", ""), ("server", _SERVER), ("device", _DEVICE)):
        (package / f"{name}.py").write_text(content)
