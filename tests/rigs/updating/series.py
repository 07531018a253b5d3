"""Lives of devices that are ended at every step by which they change their disk, and what is found afterwards."""

import contextlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tests.paths import REPOSITORY
from tests.rigs.releases import Workshop
from tests.rigs.updating.judge import Line, faults
from tests.rigs.updating.life import Task
from tests.rigs.updating.media import Medium
from tests.rigs.updating.power import Cut
from tests.rigs.updating.stories import EMPTY, ONE, STORIES, Story
from tests.rigs.updating.updating import PURPOSES

KILL, LOST, TORN, LATER, TWICE = "kill -9", "cut, all lost", "cut, some lost", "cut while written", "kill -9, then cut"
MODES = (KILL, LOST, TORN, LATER, TWICE)
MOST_LATER = 12  # writes of the kernel after the process has ended


@dataclass(frozen=True)
class Outcome:
    """Of one life that was ended before step `edge`."""

    story: str
    edge: int
    mode: str
    faults: tuple[str, ...]


@dataclass
class Lives:
    """Runs them, one after the other."""

    folder: Path
    medium: Medium
    lazy: str = ""
    seed: int = 7
    edges: dict[str, int] = field(default_factory=dict)  # of a whole life, by story
    kinds: dict[str, int] = field(default_factory=dict)  # the same of all, by what is done

    def __enter__(self) -> "Lives":
        self._release()
        command = [sys.executable, "-m", "tests.rigs.updating.runner"]
        self._runner = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, bufsize=1
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.close()
        self._runner.wait(70)
        self._runner.stdout.close()

    def series(self, names: Sequence[str], modes: Sequence[str], every: int = 1) -> Iterator[Outcome]:
        """Each `every`-th step of these stories, each in these ways."""
        kept = EMPTY
        for story in sorted((STORIES[name] for name in names), key=lambda story: story.base):
            if story.base != kept:
                self._lived(ONE)
                self.medium.keep()
                kept = story.base
            yield from self._ended(story, modes, every)

    def _ended(self, story: Story, modes: Sequence[str], every: int) -> Iterator[Outcome]:
        self._lived(story.name)
        self.medium.close()
        dice = random.Random(self.seed)
        for edge in range(1 + dice.randrange(every), self.edges[story.name] + 1, every):
            for mode in modes:
                yield self._case(story, edge, mode, dice)

    def _case(self, story: Story, edge: int, mode: str, dice: random.Random) -> Outcome:
        self.medium.open()
        task = self._task(story.name, lazy=self.lazy, kill_at=edge)
        self._run(task)
        if mode == TWICE:
            self._run(replace(task, kill_at=1 + dice.randrange(self.edges[story.name])))
        cuts = {LOST: Cut(0.0, 0, edge), TORN: Cut(0.5, 0, edge)}
        later = Cut(dice.random(), 1 + dice.randrange(MOST_LATER), edge)
        if mode != KILL:
            self.medium.cut(cuts.get(mode, later))
        before = _lines(Path(task.log))
        after = self._task(story.name)
        code = self._run(after)
        wrong = faults(story, before, _lines(Path(after.log)))
        if code and wrong:
            wrong.append(_error(after))
        self.medium.close()
        return Outcome(story.name, edge, mode, tuple(wrong))

    def _lived(self, name: str) -> None:
        """A life that nothing ends, on the medium, which stays open."""
        self.medium.open()
        task = self._task(name)
        code = self._run(task)
        assert code == 0, _error(task)
        lines = _lines(Path(task.log))
        assert faults(STORIES[name], lines[:1], lines) == []
        self.edges[name] = lines[-1]["edges"]
        for kind, count in lines[-1]["kinds"].items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count

    def _task(self, name: str, **changes: object) -> Task:
        log = self.folder / "diary"
        number = sum(1 for _ in self.folder.glob("diary*"))
        plain: dict[str, object] = {
            "story": name,
            "disk": str(self.medium.root / "device"),
            "served": str(self.folder / "served" / name),
            "root": str(self.folder / "root.json"),
            "log": f"{log}{number}",
        }
        return Task(**{**plain, **changes})  # type: ignore[arg-type]

    def _run(self, task: Task) -> int:
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.write(json.dumps(asdict(task)) + "\n")
        return int(self._runner.stdout.readline())

    def _release(self) -> None:
        """One workshop; what it serves after each story's releases."""
        workshop = Workshop(self.folder / "workshop")
        for story in STORIES.values():
            for name, content in story.releases.items():
                workshop.release(content, name, version=story.version, **PURPOSES[name.partition("/")[0]])
            shutil.copytree(workshop.places.public, self.folder / "served" / story.name)
        shutil.copy(workshop.places.metadata / "1.root.json", self.folder / "root.json")


def _lines(path: Path) -> list[Line]:
    """What a diary holds; the last line may be torn."""
    lines = path.read_text().splitlines() if path.exists() else []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def _error(task: Task) -> str:
    path = Path(f"{task.log}.error")
    return path.read_text() if path.exists() else "it hangs"
