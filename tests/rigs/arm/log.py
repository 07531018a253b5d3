"""A pytest plugin (`-p tests.rigs.arm.log --log-to FILE`): a line of JSON for each test as it begins and ends.

What is killed half-way leaves honest figures behind, the test that was running has a name, and the next process leaves
out what has an outcome already.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.arm.told import BEGUN, COLLECTED, FINISHED, read_log


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--log-to", type=Path, required=True, help="file that lines are added to")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Log(config.getoption("--log-to")))


class Log:
    """Writes as it goes, line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _add(self, test: str, what: str, **more: object) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps({"test": test, "what": what, **more}) + "\n")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Say how many tests each file has; go on after what was done before."""
        known = read_log(self._path)
        for file, count in Counter(item.nodeid.split("::")[0] for item in items).items():
            if file not in known.counts:
                self._add(file, COLLECTED, count=count)
        items[:] = [item for item in items if item.nodeid not in known.outcomes]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._add(item.nodeid, BEGUN)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What a test came to: its call, or what went wrong before or after it."""
        if report.when == "call" or report.outcome != "passed":
            self._add(report.nodeid, report.outcome, why=reason(report), seconds=round(report.duration, 2))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome != "passed":
            self._add(report.nodeid, report.outcome, why=reason(report), seconds=0)

    def pytest_sessionfinish(self) -> None:
        self._add("", FINISHED)


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why it was skipped or failed, in at most the last 2,000 characters."""
    if report.outcome == "passed":
        return ""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return str(report.longrepr)[-2000:]
