"""Doubtful looks on disk: within the limit, whole, and there again after whatever happens."""

import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from edge.contracts.archive import MOST_PICTURE_BYTES
from edge.uncertain.reading import read_records
from edge.uncertain.record import Record
from edge.uncertain.shelf import KEPT_DAMAGED, SPARE_BYTES, Shelf
from tests.rigs.doubts import jpeg, record
from tests.rigs.host import wait_until

LIMIT = 10**8


def shelf(folder: Path, limit_bytes: int = LIMIT, most: int = 100) -> tuple[Shelf, list[Record]]:
    made = Shelf(folder, limit_bytes, most)
    return made, made.open()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_shelf_is_empty(tmp_path: Path) -> None:
    made, records = shelf(tmp_path / "new" / "folder")
    assert (len(made), made.size_bytes, records) == (0, 0, [])
    assert list(read_records(tmp_path / "nowhere")) == []


def test_what_is_kept_is_there_again(tmp_path: Path) -> None:
    first, _ = shelf(tmp_path)
    plain, pictured = record(1), record(2, jpeg(2))
    assert first.keep(plain, b"")
    assert first.keep(pictured, jpeg(2))
    second, records = shelf(tmp_path)
    assert records == [plain, pictured] == list(read_records(tmp_path))
    assert second.size_bytes == first.size_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert (tmp_path / f"{pictured.name}.jpg").read_bytes() == jpeg(2)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_the_limit_is_kept_and_the_least_telling_of_what_there_is_most_of_goes(tmp_path: Path) -> None:
    size = len(jpeg(0)) + 1000
    made, _ = shelf(tmp_path, 5 * size)
    kept = [record(number, jpeg(number), weight=(number + 1) / 10) for number in range(3)]
    rare = record(3, jpeg(3), label="van", weight=0.05)
    for number, one in enumerate([*kept, rare]):
        assert made.keep(one, jpeg(number))
    later = [record(number, jpeg(number), weight=0.9) for number in range(4, 7)]
    for number, one in enumerate(later, 4):
        assert made.keep(one, jpeg(number))
    left = list(read_records(tmp_path))
    assert made.size_bytes <= 5 * size
    assert rare in left
    assert kept[0] not in left
    assert later[-1] in left


def test_what_tells_less_than_all_others_is_not_kept(tmp_path: Path) -> None:
    made, _ = shelf(tmp_path, most=2)
    assert made.keep(record(1, weight=0.5), b"")
    assert made.keep(record(2, weight=0.5), b"")
    assert not made.keep(record(3, weight=0.1), b"")
    assert made.keep(record(4, weight=0.9), b"")
    assert len(made) == 2 == len(list(read_records(tmp_path)))


def test_a_limit_that_was_lowered_is_kept_at_the_next_start(tmp_path: Path) -> None:
    made, _ = shelf(tmp_path)
    for number in range(5):
        assert made.keep(record(number, jpeg(number)), jpeg(number))
    small, records = shelf(tmp_path, made.size_bytes // 2)
    assert small.size_bytes <= made.size_bytes // 2
    assert len(records) == len(small) == 2
    assert len(names(tmp_path)) == 4


def test_what_somebody_else_deleted_no_longer_counts(tmp_path: Path) -> None:
    made, _ = shelf(tmp_path, 3000)
    first = record(1, weight=0.9)
    assert made.keep(first, b"")
    (tmp_path / f"{first.name}.json").unlink()
    for number in range(2, 9):
        made.keep(record(number, weight=0.1), b"")
    assert made.size_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"version": 2}', b"\xff" * 10, b"x" * ((1 << 20) + 1)])
def test_what_is_damaged_is_put_aside(tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    made, _ = shelf(tmp_path)
    whole, hurt = record(1, jpeg(1)), record(2, jpeg(2))
    for one, picture in ((whole, jpeg(1)), (hurt, jpeg(2))):
        assert made.keep(one, picture)
    (tmp_path / f"{hurt.name}.json").write_bytes(data)
    assert list(read_records(tmp_path)) == [whole]
    _, records = shelf(tmp_path)
    assert records == [whole]
    assert names(tmp_path) == sorted([f"{whole.name}.jpg", f"{whole.name}.json", f"{hurt.name}.json.damaged"])
    assert "is damaged" in caplog.text


def test_a_record_that_cannot_be_read_now_keeps_its_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = shelf(tmp_path)
    kept = record(1, jpeg(1))
    assert made.keep(kept, jpeg(1))
    with monkeypatch.context() as busy:
        busy.setattr("edge.uncertain.shelf.read_record", _too_many_files)
        assert shelf(tmp_path)[1] == []
    assert shelf(tmp_path)[1] == [kept]
    assert names(tmp_path) == [f"{kept.name}.jpg", f"{kept.name}.json"]


def _too_many_files(_: Path) -> None:
    raise OSError(24, "Too many open files")


def test_a_record_under_another_name_and_one_without_its_picture_are_damaged(tmp_path: Path) -> None:
    made, _ = shelf(tmp_path)
    first, second = record(1), record(2, jpeg(2))
    assert made.keep(first, b"")
    assert made.keep(second, jpeg(2))
    (tmp_path / f"{first.name}.json").rename(tmp_path / "other.json")
    (tmp_path / f"{second.name}.jpg").unlink()
    assert shelf(tmp_path)[1] == []
    assert names(tmp_path) == [f"{second.name}.json.damaged", "other.json.damaged"]


def test_what_was_half_written_is_swept_away(tmp_path: Path) -> None:
    (tmp_path / ".abc.json.x1y2").write_bytes(b"half")
    (tmp_path / "00001-cam.jpg").write_bytes(b"without a record")
    for number in range(KEPT_DAMAGED + 5):
        (tmp_path / f"{number:03d}.json.damaged").touch()
    shelf(tmp_path)
    assert names(tmp_path) == [f"{number:03d}.json.damaged" for number in range(5, KEPT_DAMAGED + 5)]


def test_what_could_not_be_read_or_archived_is_not_kept(tmp_path: Path) -> None:
    made, _ = shelf(tmp_path)
    large = jpeg(1) + bytes(MOST_PICTURE_BYTES)
    assert not made.keep(record(1, large), large)
    many = record(2).model_copy(update={"things": record(2).things * 9000})
    assert not made.keep(many, b"")
    assert (len(made), names(tmp_path)) == (0, [])


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path) -> None:
    made = Shelf(tmp_path, LIMIT, free=lambda _: SPARE_BYTES)
    made.open()
    assert not made.keep(record(1), b"")
    assert names(tmp_path) == []


def test_a_disk_that_refuses_leaves_all_as_it_was(tmp_path: Path) -> None:
    made, _ = shelf(tmp_path / "folder")
    assert made.keep(record(1), b"")
    (tmp_path / "folder").rename(tmp_path / "away")
    (tmp_path / "folder").write_bytes(b"")
    refused = Shelf(tmp_path / "folder", LIMIT, free=lambda _: LIMIT + SPARE_BYTES)
    with pytest.raises(OSError, match="folder"):
        refused.open()
    with pytest.raises(OSError, match="folder"):
        refused.keep(record(2), b"")
    assert len(refused) == 0
    assert list(read_records(tmp_path / "away")) == [record(1)]


def records_in(folder: Path) -> set[str]:
    return {name for name in names(folder) if name.endswith(".json") and not name.startswith(".")}


def _more_than_one(folder: Path, before: frozenset[str]) -> bool:
    return len(records_in(folder) - before) > 1


def _keep_for_ever(folder: str) -> None:
    made = Shelf(Path(folder), 20_000)
    number = 1000 * len(made.open())  # others than before
    while True:
        made.keep(record(number, jpeg(number % 7), weight=number % 10 / 10), jpeg(number % 7))
        number += 1


def test_killed_at_any_moment_every_record_left_is_whole(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for round_ in range(3):
        before = frozenset(records_in(tmp_path))
        process = context.Process(target=_keep_for_ever, args=(str(tmp_path),))
        process.start()
        wait_until(partial(_more_than_one, tmp_path, before), 60.0)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(60.0)
        made, records = shelf(tmp_path, 20_000)
        assert len(records) == len(made) > 0, round_
        assert not [name for name in names(tmp_path) if name.endswith(".damaged")]
        assert made.size_bytes == sum(path.stat().st_size for path in tmp_path.iterdir()) <= 20_000
