"""Live scores outlive a restart, and are never those of other weights."""

import json
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from edge.learning.promotion import Live
from edge.learning.standing import Phase, Standing
from edge.learning.tally import EVERY, FILE, Tally

A, B = "a" * 64, "b" * 64
OVER = Standing(phase=Phase.SHADOW, serving=A, candidate=B)
WINDOW = 64


def tally(folder: Path, standing: Standing = OVER) -> Tally:
    return Tally(folder, WINDOW, standing)


def filled(folder: Path, count: int = 40, standing: Standing = OVER) -> Live:
    """Compared so often, then closed."""
    made = tally(folder, standing)
    chance = np.random.default_rng(1)
    for begin in range(0, count, 5):
        exported, serving, candidate = chance.uniform(1, 2, (3, 5))
        made.add(exported, serving, candidate, [f"track{begin % 7}"] * 5)
    made.write()
    return made.told(9)


def test_nothing_was_kept(tmp_path: Path) -> None:
    told = tally(tmp_path).told(9)
    assert (told.newest.count, told.shadow.count, told.sure) == (0, 0, -np.inf)


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    before, again = filled(tmp_path), tally(tmp_path).told(9)
    assert before.newest.count == before.shadow.count == 40
    for name in ("newest", "shadow"):
        assert astuple(getattr(again, name)) == pytest.approx(astuple(getattr(before, name)))
    assert again.sure == pytest.approx(before.sure)
    assert np.isfinite(before.sure)


def test_its_file_is_small(tmp_path: Path) -> None:
    filled(tmp_path, standing=replace(OVER, candidate=""))
    assert (tmp_path / FILE).stat().st_size < 1000
    filled(tmp_path)
    assert (tmp_path / FILE).stat().st_size < 8000


def test_a_process_that_is_killed_loses_few(tmp_path: Path) -> None:
    made = tally(tmp_path)
    for _ in range(10):
        made.add(np.ones(5), np.ones(5), np.ones(5), ["one"] * 5)
    assert 50 - EVERY < tally(tmp_path).told(0).newest.count <= 50


def test_the_disk_is_written_only_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = list[Path]()
    monkeypatch.setattr("edge.contracts.stored.replace_file", lambda path, _: written.append(path))
    made = tally(tmp_path)
    for _ in range(10 * EVERY):
        made.add(np.ones(1), np.ones(1), np.ones(1), ["one"])
    assert len(written) == 10


def test_where_nothing_serves_that_was_learnt_nothing_is_written(tmp_path: Path) -> None:
    filled(tmp_path, standing=Standing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("standing", "newest", "shadow"),
    [
        (OVER, 40, 40),
        (replace(OVER, candidate="c" * 64), 40, 0),
        (replace(OVER, serving=B, candidate=""), 0, 0),
        (Standing(), 0, 0),
    ],
)
def test_scores_of_other_weights_are_not_used(tmp_path: Path, standing: Standing, newest: int, shadow: int) -> None:
    filled(tmp_path)
    told = tally(tmp_path, standing).told(9)
    assert (told.newest.count, told.shadow.count) == (newest, shadow)


def test_another_server_begins_anew(tmp_path: Path) -> None:
    made = tally(tmp_path)
    made.add(np.ones(20), np.ones(20), np.ones(20), ["one"] * 20)
    made.follow(replace(OVER, candidate="", phase=Phase.COLLECTING))
    assert (made.told(9).newest.count, made.told(9).shadow.count) == (20, 0)
    made.follow(Standing(serving=B, previous=A))
    assert made.told(9).newest.count == 0
    assert tally(tmp_path, Standing(serving=B, previous=A)).told(9).newest.count == 0


def test_weights_that_answer_with_nothing_stay_worse(tmp_path: Path) -> None:
    made = tally(tmp_path)
    made.add(np.ones(20), np.full(20, np.inf), np.full(20, np.nan), ["one"] * 20)
    made.write()
    again = tally(tmp_path).told(9)
    assert again.newest.serving == np.inf
    assert again.sure == -np.inf


@pytest.mark.parametrize(
    "change",
    [
        {"newest": "?"},
        {"newest": 5},
        {"bins": 22 * "A" + "=="},
        {"bins": "AAAA"},
        {"newest": "AAAAAAA="},
        {"serving": None},
    ],
)
def test_what_makes_no_sense_is_not_used(tmp_path: Path, change: dict[str, object]) -> None:
    filled(tmp_path)
    path = tmp_path / FILE
    told = json.loads(path.read_text())
    told["value"].update(change)
    path.write_text(json.dumps(told))
    assert tally(tmp_path).told(9).newest.count == 0


@pytest.mark.parametrize("data", [b"", b"{", b'{"version": 99, "value": {}}', b'{"version": 1, "value": []}'])
def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, data: bytes) -> None:
    (tmp_path / FILE).write_bytes(data)
    assert tally(tmp_path).told(9).newest.count == 0
    filled(tmp_path)
    assert tally(tmp_path).told(9).newest.count == 40


def test_a_disk_that_takes_nothing_is_survived(tmp_path: Path) -> None:
    folder = tmp_path / "subject"
    folder.write_text("in the way")
    assert filled(folder).newest.count == 40
    folder.unlink()
    assert filled(folder).newest.count == 40
    assert tally(folder).told(9).newest.count == 40
