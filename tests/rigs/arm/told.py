"""What a log of tests says: see `tests.rigs.arm.log`."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BEGUN, COLLECTED, FINISHED = "begun", "collected", "finished"


@dataclass(frozen=True)
class Outcome:
    """Of one test, or of a file that could not be imported."""

    what: str  # passed, failed, skipped
    why: str
    seconds: float


@dataclass(frozen=True)
class Told:
    """All of it."""

    outcomes: Mapping[str, Outcome]
    counts: Mapping[str, int]  # tests of each file
    running: str  # the test that was begun and has no outcome, or nothing

    def closed(self, file: str) -> bool:
        """Whether nothing of the file is left to be run."""
        ended = Counter(name.split("::")[0] for name in self.outcomes)
        return file in self.outcomes or ended[file] >= self.counts.get(file, 1)

    def names(self, what: str) -> list[str]:
        """The tests that came to this."""
        return [name for name, outcome in self.outcomes.items() if outcome.what == what]

    def figures(self, files: Sequence[str]) -> dict[str, int]:
        """Of these files, for a benchmark; of those not reached nobody knows how many tests they hold."""
        wanted = set(files)
        figures = {
            what: sum(name.split("::")[0] in wanted for name in self.names(what))
            for what in ("passed", "failed", "skipped")
        }
        return {**figures, "files": len(files), "files_done": sum(map(self.closed, files))}


def read_logs(folder: Path, cpu: str) -> Told:
    """All logs of a processor as one: what each worker's says."""
    return joined([read_log(path) for path in sorted(folder.glob(f"{cpu}.*.jsonl"))])


def joined(logs: Sequence[Told]) -> Told:
    """Several logs as one; of a test that stands in two, a failure overrules."""
    outcomes: dict[str, Outcome] = {}
    for log in logs:
        outcomes |= {name: one for name, one in log.outcomes.items() if one.what == "failed" or name not in outcomes}
    counts = {file: count for log in logs for file, count in log.counts.items()}
    return Told(outcomes, counts, "")


def read_log(path: Path) -> Told:
    """The log as it is now; what was cut off in the middle of a line was not said. An absent one says nothing."""
    outcomes: dict[str, Outcome] = {}
    counts: dict[str, int] = {}
    running = ""
    for text in path.read_text().splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        name, what = line["test"], line["what"]
        if what == BEGUN:
            running = name
        elif what == COLLECTED:
            counts[name] = line["count"]
        elif what != FINISHED:
            running = "" if name == running else running
            if name not in outcomes or outcomes[name].what == "passed":  # a failing end overrules what came before
                outcomes[name] = Outcome(what, line["why"], line["seconds"])
    return Told(outcomes, counts, running)
