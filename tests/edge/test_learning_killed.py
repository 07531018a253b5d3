"""Killed at any moment of training, promotion and writing: old or new weights serve, and no sample is lost."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import REPOSITORY
from tests.rigs.learning_life import digest, opened

DEADLINE_S = 60.0
LONGEST_S = 0.6  # of a life after it has begun


def lines(folder: Path) -> list[list[str]]:
    """What was told, line by line; the last one may be cut off, and was not told then."""
    path = folder / "told"
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
    return [line.split(" ") for line in whole.split("\n") if line]


def killed(folder: Path, after_s: float) -> None:
    """Let it live, and kill it so long after the first words of this life."""
    before = len(lines(folder))
    life = subprocess.Popen([sys.executable, "-m", "tests.rigs.learning_life", str(folder)], cwd=REPOSITORY)
    try:
        deadline_s = time.monotonic() + DEADLINE_S
        while not any(line[0] == "stored" for line in lines(folder)[before:]):
            assert life.poll() is None, "it died by itself"
            assert time.monotonic() < deadline_s, "it does not begin"
            time.sleep(0.005)
        time.sleep(after_s)
        assert life.poll() is None, "it died by itself"
    finally:
        os.kill(life.pid, signal.SIGKILL)
        life.wait(DEADLINE_S)


def check(folder: Path) -> None:
    """What is on disk is what was told."""
    told = lines(folder)
    decided = {line[1] for line in told if line[0] in ("shadow", "serving")}
    newest = [line[1] for line in told if line[0] == "serving"][-2:]  # what was rolled back to was told before
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
    assert not list((folder / "subject").glob("*.damaged*"))
    assert not list((folder / "subject").glob("*.unused"))


def series(folder: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(times):
        killed(folder, chance.uniform(0, LONGEST_S))
        check(folder)
    told = lines(folder)
    assert sum(line[0] == "begin" for line in told) == times
    assert len({line[1] for line in told if line[0] == "serving"}) > 2


def test_killed_at_random_moments(tmp_path: Path) -> None:
    series(tmp_path, 10, 1)


@pytest.mark.long
def test_killed_at_a_hundred_random_moments(tmp_path: Path) -> None:
    series(tmp_path, 100, 2)
