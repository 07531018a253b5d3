"""Whether a device kept its word: what it said before it was ended, beside what it is found to be afterwards."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.rigs.updating.stories import Story

Line = Mapping[str, Any]  # of a diary


def faults(story: Story, before: Sequence[Line], after: Sequence[Line]) -> list[str]:
    """Everything that is wrong with a recovery; nothing where it is the old or the new, whole.

    Args:
        story: that was lived.
        before: the diary of the life, or lives, that were ended.
        after: the diary of the one that came after.
    """
    starts = [line for line in after if line["what"] == "start"]
    ends = [line for line in after if line["what"] == "end"]
    if not starts or not ends:
        return ["it does not come back"]
    return [*_mixed(story, starts[0]), *_broken(before, starts[0]), *_never(after), *_end(story, ends[-1])]


def _mixed(story: Story, found: Line) -> list[str]:
    wrong = []
    for place, new in story.new.items():
        serving = found["serving"].get(place)
        if serving not in (story.old.get(place), new):
            wrong.append(f"{place} is neither old nor new: {serving}")
    return wrong + [f"{name} had to be put aside" for name in found["aside"]]


def _broken(before: Sequence[Line], found: Line) -> list[str]:
    """Words that were given before, and are not kept now."""
    return [fault for line in before if line["what"] in WORDS for fault in WORDS[line["what"]](line, found)]


def _taken_up(line: Line, found: Line) -> list[str]:
    sha256 = line["sha256"]
    known = {*found["good"].values(), *(trial[0] for trial in found["trials"].values()), *found["blocked"]}
    return [] if sha256 in known else [f"{sha256:.8} was taken up, and nobody knows of it"]


def _kept(line: Line, found: Line) -> list[str]:
    return [] if line["sha256"] in found["good"].values() else [f"{line['sha256']:.8} was good, and is no more"]


def _gone_back(line: Line, found: Line) -> list[str]:
    return [] if line["sha256"] in found["blocked"] else [f"{line['sha256']:.8} was returned, and is not blocked"]


def _counted(line: Line, found: Line) -> list[str]:
    settled = {*found["good"].values(), *found["blocked"]}
    now = {trial[0]: trial[1] for trial in found["trials"].values()}
    return [
        f"{sha256:.8} had {starts} starts, and has {now.get(sha256)} after one more"
        for sha256, starts in line["trials"].values()
        if sha256 not in settled and now.get(sha256, 0) <= starts
    ]


WORDS = {"activate": _taken_up, "commit": _kept, "roll_back": _gone_back, "start": _counted}


def _never(after: Sequence[Line]) -> list[str]:
    """What must not be, at any time."""
    wrong = []
    for line in after:
        if line["what"] in ("start", "end"):
            wrong += [f"{path} is not what its hash says, and serves" for path in line["damaged"]]
            wrong += [f"{one:.8} is blocked, and serves" for one in line["serving"].values() if one in line["blocked"]]
    return wrong


def _end(story: Story, end: Line) -> list[str]:
    wrong = [] if end["serving"] == story.end else [f"in the end {end['serving']} serves"]
    wrong += [] if set(end["blocked"]) == set(story.blocked) else [f"in the end {end['blocked']} is blocked"]
    return wrong + ([] if len(end["files"]) == len(end["serving"]) else [f"left over: {end['files']}"])
