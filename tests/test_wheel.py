"""What is installed on a device: the wheel holds what it needs and no more, and base dependencies suffice."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.paths import REPOSITORY

TOP = {"edge", "trainer", "firmware_tools"}
DATA = ("trainer/recipes/", "firmware_tools/image/ab/files/")  # whose YAML is of the product
IN_IMAGES = ("systemd/foresight.service", "udev/60-foresight-coral.rules", "dbus/foresight-rauc.conf")
# Imports every module of `edge`, as all its commands together would, where what is named cannot be imported. Left out
# is what runs inside Flower's own process alone, which the extra `federated` brings.
IMPORT_ALL = """
import importlib, pkgutil, sys

class Refuse:

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"{name} is of no base dependency", name=name)

sys.meta_path.insert(0, Refuse())
import edge
for module in pkgutil.walk_packages(edge.__path__, "edge."):
    if module.name != "edge.federated.client":
        importlib.import_module(module.name)
import ai_edge_litert.interpreter
from edge.contracts.messages import wire_schema
assert wire_schema()["$defs"]
print(edge.__file__, *sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=600)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    """What Python says, with the installed packages and nothing of the repository."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == code, done.stderr
    return done.stdout or done.stderr


def test_the_wheel_holds_the_packages_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == TOP
    stray = re.compile(r"(^|/)(tests?|conftest|bench)[/._]|\.yaml$|__pycache__")
    assert not [name for name in names if stray.search(name) and not name.startswith(DATA)]
    assert {f"firmware_tools/image/deploy/{name}" for name in IN_IMAGES} <= set(names)
    assert {"edge/contracts/schema.json", "trainer/recipes/street.yaml"} <= set(names)
    assert "firmware_tools/image/deploy/systemd/foresight.service" in names
    assert {"edge/demo/shipped/street.tflite", "edge/demo/shipped/street.mp4", "edge/demo/shipped/street.csv"} <= set(
        names
    )


def test_its_licence_and_its_command_are_in_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        told = {Path(name).name: name for name in archive.namelist() if ".dist-info/" in name}
        assert "LICENSE" in told
        entries = ConfigParser()
        entries.read_string(archive.read(told["entry_points.txt"]).decode())
    assert entries["console_scripts"]["foresight"] == "edge.__main__:main"


def test_the_installed_command_runs(installed: Path) -> None:
    assert run(installed, "-m", "edge", "--version").startswith("foresight ")


def test_the_installed_demo_needs_nothing_else(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FORESIGHT_DATA", "/nonexistent")
    said = run(installed, "-m", "edge", "demo", "--broker", "none", "--seconds", "3", "--out", str(tmp_path / "out"))
    assert "objects found by street.tflite" in said
    assert "Against the exact truth of the street" in said


def test_base_dependencies_suffice(installed: Path) -> None:
    base = set(closure(base_requirements(installed)))
    assert {"numpy", "pydantic", "paho-mqtt", "ai-edge-litert"} <= base
    known = packages_distributions()
    others = [name for name, owners in known.items() if name not in TOP and not base & set(map(normal, owners))]
    assert {"pytest", "jsonschema"} <= set(others)
    where, *imported = run(installed, "-c", IMPORT_ALL, *others).split()
    assert where.startswith(str(installed))
    assert {"cv2", "paho", "rich", "typer", "lap", "yaml"} <= set(imported)
    assert not {"tensorflow", "keras", "tests", "trainer", "firmware_tools", "pytest"} & set(imported)


def test_what_is_no_base_dependency_is_noticed(installed: Path) -> None:
    assert "is of no base dependency" in run(installed, "-c", IMPORT_ALL, "paho", code=1)


def base_requirements(installed: Path) -> list[str]:
    """What the wheel asks for without any extra."""
    metadata = next(installed.glob("*.dist-info/METADATA")).read_text()
    asked = [line.removeprefix("Requires-Dist: ") for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    return [one for one in asked if "extra ==" not in one]


def closure(asked: list[str]) -> Iterator[str]:
    """The distributions that installing these brings, themselves included."""
    waiting, seen = list(asked), set[str]()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = normal(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        try:
            waiting += requires(name) or []
        except PackageNotFoundError:  # not for this Python
            continue
        yield name


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
