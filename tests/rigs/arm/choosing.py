"""Which tests of the edge can come out otherwise on another processor: those that reach a model's runtime by import."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.paths import REPOSITORY

PACKAGES = ("edge", "firmware_tools", "tests", "trainer")
RUNTIME = ("ai_edge_litert", "edge.runtime.interpreters")
EDGE = "tests/edge"


def edge_tests(root: Path = REPOSITORY) -> list[str]:
    """All files of them, those that run models first."""
    files = sorted(path.relative_to(root).as_posix() for path in (root / EDGE).glob("test_*.py"))
    first = set(model_tests(root))
    return sorted(files, key=lambda file: (file not in first, file))


def model_tests(root: Path = REPOSITORY) -> list[str]:
    """The files that import, through whatever else, what runs a model."""
    imports = {name: set(_imports(path)) for name, path in _modules(root)}
    tests = [name for name in imports if name.startswith(f"{EDGE.replace('/', '.')}.test_")]
    return [f"{name.replace('.', '/')}.py" for name in sorted(tests) if _reaches(name, imports)]


def _reaches(name: str, imports: Mapping[str, set[str]]) -> bool:
    seen, waiting = {name}, [name]
    while waiting:
        for found in imports.get(waiting.pop(), set()) - seen:
            if found in RUNTIME or found.startswith(f"{RUNTIME[0]}."):
                return True
            seen.add(found)
            waiting.append(found)
    return False


def _modules(root: Path) -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in (root / package).rglob("*.py"):
            yield ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"), path


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
