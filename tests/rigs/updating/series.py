"""Lives of devices that are ended at every step by which they change their disk, and what is found afterwards."""

import contextlib
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from tests.paths import REPOSITORY
from tests.rigs.releases import Workshop
from tests.rigs.updating.judge import WORDS, Line, faults
from tests.rigs.updating.life import Task
from tests.rigs.updating.media import Card, Folder, Medium
from tests.rigs.updating.power import Cut, powered
from tests.rigs.updating.stories import EMPTY, ONE, STORIES, Story
from tests.rigs.updating.updating import PURPOSES

KILL, LOST, TORN, LATER, TWICE = "kill -9", "cut, all lost", "cut, some lost", "cut while written", "kill -9, then cut"
KILLED = -signal.SIGKILL  # as the runner tells of a life that ended so
MOST_LATER = 12  # writes of the kernel after the process has ended


@dataclass(frozen=True)
class Outcome:
    """Of one life that was to be ended before step `edge`, by `mode`.

    `killed` is whether it was: the process died of SIGKILL, and where power was to be cut, the disk says that it went.
    One that was not ended shows nothing, whatever its faults: the rig has failed.
    """

    story: str
    edge: int
    mode: str
    killed: bool
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Which lives are ended: before each `every`-th step, or only `at_words`, right after something was said.

    Each is ended in all `modes`, and each `seldom`-th in one of those that are `rotated`.
    """

    modes: tuple[str, ...]
    rotated: tuple[str, ...] = ()
    every: int = 1
    at_words: bool = False
    seldom: int = 1


@dataclass
class Lives:
    """Runs them, one after the other."""

    folder: Path
    medium: Medium
    lazy: str = ""
    seed: int = 7
    edges: dict[str, int] = field(default_factory=dict)  # of a whole life, by story
    words: dict[str, list[int]] = field(default_factory=dict)  # steps that come next after something was said
    tasks: int = 0  # that were made
    kinds: dict[str, int] = field(default_factory=dict)  # the same of all, by what is done

    def __enter__(self) -> "Lives":
        self._release()
        where = [*self.medium.inside, "env", "--chdir", str(REPOSITORY)]
        command = [*where, sys.executable, "-m", "tests.rigs.updating.runner"]
        self._log = (self.folder / "log").open("w")
        self._runner = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.close()
        self._runner.wait(70)
        self._runner.stdout.close()
        self._log.close()

    def series(self, names: Sequence[str], plan: Plan) -> Iterator[Outcome]:
        """Steps of these stories, each in each of these ways."""
        kept = EMPTY
        for story in sorted((STORIES[name] for name in names), key=lambda story: story.base):
            if story.base != kept:
                self._lived(ONE)
                self.medium.keep()
                kept = story.base
            self._lived(story.name)
            self.medium.close()
            yield from self._ended(story, plan)

    def _ended(self, story: Story, plan: Plan) -> Iterator[Outcome]:
        dice = random.Random(self.seed)
        every = range(1 + dice.randrange(plan.every), self.edges[story.name] + 1, plan.every)
        for number, edge in enumerate(self.words[story.name] if plan.at_words else every):
            turn, left = divmod(number, plan.seldom)
            rotated = [plan.rotated[turn % len(plan.rotated)]] if plan.rotated and not left else []
            for mode in (*plan.modes, *rotated):
                yield self._case(story, edge, mode, dice)

    def _case(self, story: Story, edge: int, mode: str, dice: random.Random) -> Outcome:
        self.medium.open()
        task = self._task(story.name, lazy=self.lazy, kill_at=edge)
        killed = self._run(task) == KILLED
        if mode == TWICE:  # the second one may come to its end first, for there is less for it to do
            again = self._run(replace(task, kill_at=1 + dice.randrange(self.edges[story.name])))
            killed = killed and again in (KILLED, 0)
        cuts = {LOST: Cut(0.0, 0, edge), TORN: Cut(0.5, 0, edge)}
        later = Cut(dice.random(), 1 + dice.randrange(MOST_LATER), edge)
        if mode != KILL:
            killed = self.medium.cut(cuts.get(mode, later)) and killed
        before = _lines(Path(task.log))
        after = self._task(story.name)
        code = self._run(after)
        wrong = faults(story, before, _lines(Path(after.log)))
        if code:
            wrong.append(_error(after))
        self.medium.close()
        return Outcome(story.name, edge, mode, killed, tuple(wrong))

    def _lived(self, name: str) -> None:
        """A life that nothing ends, on the medium, which stays open."""
        self.medium.open()
        task = self._task(name)
        code = self._run(task)
        assert code == 0, _error(task)
        lines = _lines(Path(task.log))
        assert faults(STORIES[name], lines[:1], lines) == []
        self.edges[name] = lines[-1]["edges"]
        self.words[name] = [line["edge"] + 1 for line in lines if line["what"] in WORDS and line["edge"]]
        for kind, count in lines[-1]["kinds"].items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count

    def _task(self, name: str, **changes: object) -> Task:
        self.tasks += 1
        plain: dict[str, object] = {
            "story": name,
            "disk": str(self.medium.root / "device"),
            "served": str(self.folder / "served" / name),
            "root": str(self.folder / "root.json"),
            "log": str(self.folder / f"diary{self.tasks}"),
        }
        return Task(**{**plain, **changes})  # type: ignore[arg-type]

    def _run(self, task: Task) -> int:
        assert self._runner.stdin is not None
        assert self._runner.stdout is not None
        self._runner.stdin.write(json.dumps(asdict(task)) + "\n")
        self._runner.stdin.flush()
        return int(self._runner.stdout.readline())

    def _release(self) -> None:
        """One workshop; what it serves after each story's releases."""
        workshop = Workshop(self.folder / "workshop")
        for story in STORIES.values():
            for name, content in story.releases.items():
                workshop.release(content, name, version=story.version, **PURPOSES[name.partition("/")[0]])
            shutil.copytree(workshop.repository.public, self.folder / "served" / story.name)
        shutil.copy(workshop.repository.metadata / "1.root.json", self.folder / "root.json")


@contextlib.contextmanager
def lives(*, on_card: bool, lazy: str = "") -> Iterator[Lives]:
    """On a folder, or on a card whose power can be cut; in memory, where there is room for that."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as told:
        folder, medium = Path(told) / "lives", Path(told) / "medium"
        folder.mkdir()
        medium.mkdir()
        if not on_card:
            with Lives(folder, Folder(medium), lazy) as found:
                yield found
            return
        with powered(medium) as disk, Lives(folder, Card(disk), lazy) as found:
            yield found


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
