"""One life of a device on a disk, from the start of its process to its end, whoever ends it; told line by line."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.updates.trust.source import Source, Stream
from tests.rigs.releases import Served
from tests.rigs.updating.device import DiedError, is_whole
from tests.rigs.updating.edges import Edges
from tests.rigs.updating.stories import STORIES
from tests.rigs.updating.updating import Alone

MOST_STARTS = 8
IDLE_TURNS = 3


@dataclass(frozen=True)
class Task:
    """`disk` is the folder of the device, `served` that of the releases, `log` and `root` lie elsewhere."""

    story: str
    disk: str
    served: str
    root: str
    log: str
    kill_at: int = 0
    lazy: str = ""


class Diary:
    """Lines that survive whoever writes them."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(self, what: str, **told: object) -> None:
        os.write(self._file, json.dumps({"what": what, **told}).encode() + b"\n")


class Pieces(Source):
    """Served, each piece of which is a step."""

    def __init__(self, served: Served, edges: Edges, disk: str) -> None:
        self._served, self._edges, self._disk = served, edges, disk

    @contextmanager
    def open(self, path: str, offset: int, limit: int) -> Iterator[Stream]:
        with self._served.open(path, offset, limit) as stream:
            yield Stream(stream.offset, self._told(stream.chunks))

    def _told(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk
            self._edges.pass_by("piece", self._disk)


def live(task: Task) -> None:
    """Until everything that is wanted is settled."""
    story, diary = STORIES[task.story], Diary(Path(task.log))
    edges = Edges(Path(task.disk), task.kill_at, task.lazy)
    source = Pieces(served(Path(task.served)), edges, task.disk)
    edges.watch()

    def hears(what: str, sha256: str) -> None:
        diary.note(what, edge=edges.count, sha256=sha256)

    for _ in range(MOST_STARTS):
        try:
            rig = Alone(Path(task.disk), Path(task.root), source, hears)
            diary.note("start", edge=edges.count, **seen(rig))
            rig.want(*story.wishes)
            rig.settle()
            for _ in range(IDLE_TURNS):
                rig.turn()
        except DiedError:
            continue
        diary.note("end", edges=edges.count, kinds=dict(edges.kinds), **seen(rig))
        return


def seen(rig: Alone) -> Mapping[str, object]:
    """What serves and what is written, from outside."""
    state, serving = rig.state, rig.daemon.serving
    return {
        "serving": {place: path.parent.name for place, path in serving.items()},
        "damaged": [str(path) for path in [*rig.daemon.damaged, *serving.values()] if not is_whole(path)],
        "good": {place: content.sha256 for place, content in state.good.items()},
        "trials": {place: [trial.artifact.sha256, trial.starts] for place, trial in state.trials.items()},
        "blocked": [each.sha256 for each in state.blocked],
        "aside": [path.name for path in rig.home.glob("*.damaged")],
        "files": rig.files(),
    }


def served(folder: Path) -> Served:
    """Releases as they lie in a folder."""
    return Served({str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
