"""Killed at any moment of training, promotion and writing: old or new weights serve, and no sample is lost.

Half of the lives are ended from outside at a random time, within a call of the system or not. As most of that time is
training, the others end themselves, each between two calls that are drawn from all of a place: storing, training,
writing a checkpoint, promotion, return. Where each kill fell is counted.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

import pytest

from edge.contracts.stored import Stored
from edge.learning.checkpoint import ENDING
from edge.learning.shelf import FILE
from edge.learning.tally import FILE as LIVE
from tests.paths import REPOSITORY
from tests.rigs.learning_life import DONE_BY, Place, digest, opened

DEADLINE_S = 120.0
LONGEST_S = 0.6  # of a life after it has begun


def lines(folder: Path) -> list[list[str]]:
    """What was told, line by line; the last one may be cut off, and was not told then."""
    path = folder / "told"
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
    return [line.split(" ") for line in whole.split("\n") if line]


def life(folder: Path, *aim: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "tests.rigs.learning_life", str(folder), *aim], cwd=REPOSITORY)


def killed(folder: Path, after_s: float) -> Place:
    """Let it live, and kill it so long after the first words of this life; where it was."""
    before = len(lines(folder))
    alive = life(folder)
    try:
        deadline_s = time.monotonic() + DEADLINE_S
        while not any(line[0] == "stored" for line in lines(folder)[before:]):
            assert alive.poll() is None, "it died by itself"
            assert time.monotonic() < deadline_s, "it does not begin"
            time.sleep(0.005)
        time.sleep(after_s)
        assert alive.poll() is None, "it died by itself"
    finally:
        os.kill(alive.pid, signal.SIGKILL)
        alive.wait(DEADLINE_S)
    return Place((folder / "place").read_bytes()[0])


def killed_in(folder: Path, place: Place, moment: float) -> Place:
    """Let it end itself in a place; where it was."""
    alive = life(folder, str(int(place)), str(moment))
    try:
        assert alive.wait(DEADLINE_S) == -signal.SIGKILL
    finally:
        alive.kill()
        alive.wait(DEADLINE_S)
    return Place((folder / "place").read_bytes()[0])


def check(folder: Path) -> None:
    """What is on disk is what was told."""
    told = lines(folder)
    decided = {line[1] for line in told if line[0] in ("shadow", "serving")}
    served = [line[1] for line in told if line[0] == "serving"]
    newest = [name for name, _ in groupby(served)][-2:]  # what was rolled back to was told before
    last_shadow = [line[1] for line in told if line[0] == "shadow"][-1:]
    subject, trainee = opened(folder)
    try:
        exported = digest(trainee.weights().weights)
        assert digest(subject.serving) in decided | {exported}
        assert digest(subject.serving) in {*newest, exported, *last_shadow}
        assert subject.state.trouble == ""
    finally:
        subject.close()
    database = sqlite3.connect(folder / "subject" / "samples.db")
    kept = {name for (name,) in database.execute("SELECT grp FROM samples")}
    database.close()
    assert {name for line in told if line[0] == "stored" for name in line[1:]} <= kept
    standing = Stored(folder / "subject" / FILE).read()
    if isinstance(standing, Mapping):  # none of the weights that it names is gone or broken
        found = [getattr(subject.standing, key) for key in ("serving", "previous", "candidate")]
        assert found == [standing[key] for key in ("serving", "previous", "candidate")]
    names = {name + ENDING for name in subject.standing.names}
    litter = {path.name for path in (folder / "subject").iterdir()} - {FILE, LIVE, *names}
    assert {name for name in litter if not name.startswith("samples.db")} == set()
    assert not [name for name in litter if "damaged" in name]


def series(folder: Path, times: int, seed: int) -> Counter[Place]:
    """Kill it so often; how often it was where."""
    chance, fell, aims = random.Random(seed), Counter[Place](), list(DONE_BY)
    for number in range(times):
        if number % 2:
            aim = aims[number // 2 % len(aims)]
            place = killed_in(folder, aim, chance.random())
            assert place is aim
        else:
            place = killed(folder, chance.uniform(0, LONGEST_S))
        fell[place] += 1
        check(folder)
    told = lines(folder)
    assert sum(line[0] == "begin" for line in told) == times
    assert len({line[1] for line in told if line[0] == "serving"}) > 2
    print({place.name: count for place, count in sorted(fell.items())})  # shown with -s
    return fell


def test_killed_at_random_moments(tmp_path: Path) -> None:
    fell = series(tmp_path, 10, 1)
    assert fell.keys() >= DONE_BY.keys()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 7))
def test_killed_at_a_hundred_random_moments(tmp_path: Path, seed: int) -> None:
    """Five times twenty: what is learnt from grows with every life, and nothing that was stored may go."""
    fell = series(tmp_path, 20, seed)
    assert min(fell[place] for place in DONE_BY) >= 2
