"""Imports run one way, and files stay small: DESIGN.md as a test."""

import ast
import sys
from pathlib import Path

import pytest

from tests.paths import REPOSITORY

PACKAGES = ("edge", "trainer", "firmware_tools")
COMPOSERS = {
    "__main__",
    "adhoc",
    "admission",
    "archiving",
    "assembly",
    "benchmark",
    "capture",
    "check",
    "check_child",
    "check_each",
    "classroom",
    "composed",
    "collect",
    "config",
    "delivery",
    "demo",
    "discovery",
    "doctor",
    "doubting",
    "engine",
    "federated",
    "figures",
    "forecasters",
    "grouping",
    "hearing",
    "modelling",
    "monitor",
    "observer",
    "once",
    "orders",
    "outcomes",
    "outputs",
    "pipeline",
    "publisher",
    "recording",
    "replay",
    "retained",
    "run",
    "scorers",
    "scoresheet",
    "learners",
    "sensing",
    "snapshots",
    "standings",
    "stopwatch",
    "updating",
    "watch",
    "watching",
    "web",
}
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 60


def imported(source: str) -> list[tuple[str, bool]]:
    """Modules that a source imports, and whether only when a function runs."""
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, lazy: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend((alias.name, lazy) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            inner = node.module in PACKAGES and not node.level  # `from edge import tracking`
            whole = [f"{node.module}.{alias.name}" for alias in node.names] if inner else [node.module or ""]
            found.extend(("." * node.level + name, lazy) for name in whole)
        inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(ast.parse(source), False)
    return found


def violations(module: str, source: str) -> list[str]:
    """What a module imports against the rules.

    Args:
        module: its dotted name, `edge.tracking.tracker`.
        source: its text.
    """
    return [rule for name, lazy in imported(source) if (rule := violation(module, name, lazy))]


def violation(module: str, name: str, lazy: bool) -> str:
    own, top = module.split("."), name.split(".", maxsplit=1)[0]
    if not top:
        return f"{module}: relative import {name}"
    if top in {"tensorflow", "keras", "tf_keras"} and own[0] != "trainer":
        return "" if module.startswith("edge.runtime") and lazy else f"{module} imports {name}"
    if own[:2] == ["edge", "contracts"]:
        standard = top in sys.stdlib_module_names or top in {"numpy", "flatbuffers"}
        return "" if standard or name == "edge" or name.startswith("edge.contracts") else f"{module} imports {name}"
    if own[0] == "edge":
        return edge_violation(module, name)
    if own[0] == "firmware_tools" and top in PACKAGES:
        allowed = top == "firmware_tools" or name in {"edge", "edge.__version__"} or name.startswith("edge.contracts")
        return "" if allowed else f"{module} imports {name}"
    return f"{module} imports {name}" if own[0] == "trainer" and top == "firmware_tools" else ""


def edge_violation(module: str, name: str) -> str:
    own, other = module.split("."), name.split(".")
    if other[0] in {"trainer", "firmware_tools"}:
        return f"{module} imports {name}"
    if other[0] != "edge" or len(other) < 2 or len(own) < 2 or own[1] in COMPOSERS:
        return ""
    return (
        ""
        if other[1] in {own[1], "contracts", "__version__"}
        else f"{module} imports {name}: steps do not know each other"
    )


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize(
    ("module", "source", "count"),
    [
        ("edge.contracts.types", "", 0),
        ("edge.contracts.types", "import numpy\nimport json\nfrom edge.contracts import boxes", 0),
        ("edge.contracts.types", "import pydantic", 1),
        ("edge.contracts.types", "from edge import tracking", 1),
        ("edge.tracking.tracker", "from edge.contracts.types import F32\nfrom edge.tracking.rows import x", 0),
        ("edge.tracking.tracker", "from edge.detection import merge", 1),
        ("edge.tracking.tracker", "def f():\n    import edge.detection.merge", 1),
        ("edge.tracking.tracker", "from . import rows", 1),
        ("edge.config.settings", "from edge.tracking.settings import x", 0),
        ("edge.config.settings", "import trainer.data", 1),
        ("edge.daemon", "from firmware_tools import image", 1),
        ("edge.runtime.tflite", "def f():\n    import tensorflow.lite", 0),
        ("edge.runtime.tflite", "import tensorflow", 1),
        ("edge.daemon", "def f():\n    import tensorflow", 1),
        ("trainer.detector", "import tensorflow\nfrom edge.tracking import tracker", 0),
        ("trainer.detector", "import firmware_tools.image", 1),
        ("firmware_tools.image", "from edge import __version__\nfrom edge.contracts import errors", 0),
        ("firmware_tools.image", "from edge.daemon import x\nimport keras", 2),
    ],
)
def test_the_rules_see_planted_violations(module: str, source: str, count: int) -> None:
    assert len(violations(module, source)) == count


def test_imports_run_one_way() -> None:
    assert [rule for path in sources() for rule in violations(module_name(path), path.read_text())] == []


def oversize(name: str, source: str) -> list[str]:
    """Files and functions of a source that have outgrown their size."""
    lines = len(source.splitlines())
    found = [f"{name} has {lines} lines"] if lines > LONGEST_FILE else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            found += [f"{name}:{node.lineno} {node.name} has {length} lines"] if length > LONGEST_FUNCTION else []
    return found


def test_sizes_see_planted_violations() -> None:
    assert oversize("a", "") == []
    assert oversize("a", "x = 1\n" * 401) == ["a has 401 lines"]
    assert oversize("a", "def f():\n" + "    x = 1\n" * 60) == ["a:1 f has 61 lines"]


def test_files_and_functions_stay_small() -> None:
    assert [rule for path in sources() for rule in oversize(module_name(path), path.read_text())] == []
