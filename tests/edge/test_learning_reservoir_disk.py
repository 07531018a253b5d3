"""Samples on a disk that is damaged, full, failing or not there."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.contracts.errors import ConfigError
from edge.learning.division import Part
from edge.learning.keeping import Age
from edge.learning.packing import packed, unpacked
from edge.learning.reservoir import Reservoir
from edge.learning.settings import LearningSettings
from tests.rigs.descriptors import none_left
from tests.rigs.reservoirs import SHAPES, SPAN_S, asked, kept, reservoir, sample, values


@pytest.mark.parametrize("spoil", [b"", b"no database at all" * 500, None])
def test_a_damaged_file_is_put_aside(tmp_path: Path, spoil: bytes | None) -> None:
    store = reservoir(tmp_path)
    store.add([sample(number) for number in range(60)])
    store.close()
    path = tmp_path / "samples.db"
    data = bytearray(path.read_bytes())
    data[2000 : len(data) - 2000] = bytes(len(data) - 4000)
    path.write_bytes(bytes(data) if spoil is None else spoil)
    again = reservoir(tmp_path)
    assert again.add([sample(1)]).stored == 1
    assert kept(again) == [1.0]
    assert len(list(tmp_path.glob("samples.db.damaged-*"))) == (0 if spoil == b"" else 1)


def test_a_sample_that_the_disk_has_changed_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert unpacked(packed(sample(1), SHAPES)[:-1], SHAPES) is None
    store = reservoir(tmp_path)
    store.add([sample(1), sample(2)])
    store.close()
    with sqlite3.connect(tmp_path / "samples.db") as database:
        database.execute("UPDATE samples SET body = zeroblob(length(body)) || x'' WHERE seq = 1")
        database.execute("UPDATE samples SET body = substr(body, 1, 8) || x'41' || substr(body, 10) WHERE seq = 1")
    database.close()
    assert kept(reservoir(tmp_path)) == [2.0]
    assert f"{tmp_path}/samples.db: 1 samples are damaged" in caplog.text


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    reservoir(tmp_path).close()
    with sqlite3.connect(tmp_path / "samples.db") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(ConfigError, match="newer version"):
        reservoir(tmp_path)


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "samples.db").mkdir()
    with pytest.raises(ConfigError, match="check the path"):
        reservoir(tmp_path)


def test_what_could_not_be_opened_again_is_opened_later(tmp_path: Path) -> None:
    """The file breaks, and its folder is gone for a while, as a card that is taken out is."""
    inside, away = tmp_path / "in", tmp_path / "away"
    store = reservoir(inside)
    store.add([sample(number) for number in range(60)])
    asked(inside, "PRAGMA wal_checkpoint(TRUNCATE)")
    path = inside / "samples.db"
    path.write_bytes(b"\xff" * path.stat().st_size)
    inside.rename(away)
    assert store.add([sample(number) for number in range(70)]).lost == 70
    assert "unable to open" in store.trouble
    assert store.add([sample(1)]).lost == 1
    with pytest.raises(sqlite3.OperationalError, match="could not be opened again"):
        store.read(Part.LEARN, Age.RECENT)
    with pytest.raises(sqlite3.OperationalError, match="could not be opened again"):
        store.clear()
    assert store.count(Part.LEARN, Age.RECENT) == 0
    away.rename(inside)
    assert store.add([sample(7)]).stored == 1
    assert store.trouble == ""
    assert kept(store) == [7.0]


def test_no_descriptor_left_moves_nothing(tmp_path: Path) -> None:
    store = reservoir(tmp_path)
    store.add([sample(1)])
    store.close()
    with none_left(), pytest.raises((ConfigError, sqlite3.Error, OSError)):
        reservoir(tmp_path)
    assert kept(reservoir(tmp_path)) == [1.0]


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "samples.db")
    with pytest.raises((ConfigError, sqlite3.Error)):
        reservoir(tmp_path)


def test_the_size_on_disk_is_bounded(tmp_path: Path) -> None:
    big = {"window": (4000, 1), "known": (4000,)}
    store = Reservoir(tmp_path / "s.db", big, "", SPAN_S, LearningSettings(max_mb=2, samples=10_000))
    for number in range(300):
        arrays = {"window": np.full((4000, 1), number, np.float32), "known": np.ones(4000, np.float32)}
        assert store.add([replace(sample(0), arrays=arrays)]).stored == 1
    assert (tmp_path / "s.db").stat().st_size <= 2 << 20
    assert values(store.read(Part.LEARN, Age.RECENT))[-1] == 299


def test_a_full_disk_is_survived_and_told(tmp_path: Path) -> None:
    """In a process whose files may not grow: the system refuses as a full disk does, and later takes writes again."""
    program = """
        import resource, signal, sys
        from pathlib import Path
        from tests.edge.test_learning_reservoir import kept, reservoir, sample
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = reservoir(Path(sys.argv[1]))
        store.add([sample(number) for number in range(20)])
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        lost = [store.add([sample(100 + number)]) for number in range(5)]
        assert [one.lost for one in lost] == [1] * 5, lost
        assert store.trouble
        assert len(kept(store)) == 20
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert store.add([sample(7)]).stored == 1
        assert store.trouble == ""
        store.close()
    """
    assert resource.RLIMIT_FSIZE
    assert signal.SIGXFSZ
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert len(kept(reservoir(tmp_path))) == 21
