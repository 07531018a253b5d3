"""A file comes whole or not at all, and goes on where it broke off."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.updates.trust.download import PART, Download, Target
from edge.updates.trust.refusal import Reason, RefusedError
from edge.updates.trust.settings import TrustSettings
from edge.updates.trust.source import Pace, Stream
from tests.rigs.releases import CHUNK_BYTES, Served

DATA = bytes(index % 251 for index in range(10 * CHUNK_BYTES))
PATH = "targets/it"


def wanted(data: bytes = DATA) -> Target:
    return Target(PATH, len(data), hashlib.sha256(data).hexdigest())


def download(folder: Path, source: Served, stops: bool = False, **settings: object) -> Download:
    given = TrustSettings(**{"tries": 3, **settings})
    return Download(source, folder, given, lambda wait_s: stops and wait_s > 0)


def reason(downloading: Download, data: bytes = DATA) -> Reason:
    with pytest.raises(RefusedError) as caught:
        downloading.fetch(wanted(data))
    return caught.value.reason


@pytest.mark.parametrize("data", [b"", b"x", DATA])
def test_whole(tmp_path: Path, data: bytes) -> None:
    path = download(tmp_path / "new", Served({PATH: data})).fetch(wanted(data))
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0
    assert [path] == list(path.parent.iterdir())


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    source = Served({PATH: DATA})
    first = download(tmp_path, source).fetch(wanted())
    assert download(tmp_path, source).fetch(wanted()) == first
    assert len(source.asked) == 1


def test_what_is_there_and_damaged_is(tmp_path: Path) -> None:
    source = Served({PATH: DATA})
    path = download(tmp_path, source).fetch(wanted())
    path.write_bytes(DATA[:-1] + b"?")
    assert download(tmp_path, source).fetch(wanted()).read_bytes() == DATA


def test_it_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    source = Served({PATH: DATA}, cut={PATH: 3 * CHUNK_BYTES})
    assert download(tmp_path, source).fetch(wanted()).read_bytes() == DATA
    assert [offset for _, offset in source.asked] == [0, 3000, 6000, 9000]


def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    gone = Served({PATH: DATA}, cut={PATH: 4 * CHUNK_BYTES})
    assert reason(download(tmp_path, gone, stops=True)) is Reason.STOPPED
    source = Served({PATH: DATA})
    assert download(tmp_path, source).fetch(wanted()).read_bytes() == DATA
    assert source.asked == [(PATH, 4 * CHUNK_BYTES)]


def test_it_begins_anew_where_the_server_has_no_ranges(tmp_path: Path) -> None:
    class Whole(Served):
        @contextmanager
        def open(self, path: str, offset: int, limit: int) -> Iterator[Stream]:
            with super().open(path, 0, limit) as stream:
                yield stream

    (tmp_path / (wanted().sha256 + PART)).write_bytes(b"y" * 5000)
    assert download(tmp_path, Whole({PATH: DATA})).fetch(wanted()).read_bytes() == DATA


@pytest.mark.parametrize("part", [b"lies", b"z" * len(DATA), b"z" * (len(DATA) + 1), DATA + b"more"])
def test_a_part_that_was_poisoned_spoils_nothing(tmp_path: Path, part: bytes) -> None:
    (tmp_path / (wanted().sha256 + PART)).write_bytes(part)
    assert download(tmp_path, Served({PATH: DATA})).fetch(wanted()).read_bytes() == DATA


def test_other_bytes_are_thrown_away(tmp_path: Path) -> None:
    assert reason(download(tmp_path, Served({PATH: DATA[::-1]}))) is Reason.CHANGED
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_ends_early_is_given_up(tmp_path: Path) -> None:
    source = Served({PATH: DATA[:-1]})
    assert reason(download(tmp_path, source)) is Reason.TRUNCATED
    assert len(source.asked) == 4  # the first brought something, three brought nothing


def test_a_file_that_never_ends_is_given_up(tmp_path: Path) -> None:
    assert reason(download(tmp_path, Served({PATH: DATA}, endless={PATH}))) is Reason.ENDLESS
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= len(DATA)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    source = Served({})
    assert reason(download(tmp_path, source)) is Reason.UNREACHABLE
    assert len(source.asked) == 3


def test_limits(tmp_path: Path) -> None:
    source = Served({PATH: DATA})
    assert reason(download(tmp_path, source, most_target_bytes=len(DATA) - 1)) is Reason.TOO_LARGE
    huge = Target(PATH, 1 << 60, "0" * 64)
    with pytest.raises(RefusedError, match="make room"):
        download(tmp_path, source, most_target_bytes=1 << 61).fetch(huge)
    assert source.asked == []


def test_parts_of_other_files_go(tmp_path: Path) -> None:
    (tmp_path / ("0" * 64 + PART)).write_bytes(b"given up long ago")
    download(tmp_path, Served({PATH: DATA})).fetch(wanted())
    assert [path.name for path in tmp_path.iterdir()] == [wanted().sha256]


def test_what_somebody_else_put_there_goes(tmp_path: Path) -> None:
    kept = download(tmp_path, Served({PATH: DATA})).fetch(wanted())
    (tmp_path / "stray" / "deep").mkdir(parents=True)
    (tmp_path / f"stray{PART}").mkdir()
    (tmp_path / ".redacted").write_text("x")
    download(tmp_path, Served({})).tidy({kept.name})
    assert list(tmp_path.iterdir()) == [kept]
    download(tmp_path / "absent", Served({})).tidy(set())


def test_a_stray_folder_among_the_parts_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / f"stray{PART}").mkdir()
    assert download(tmp_path, Served({PATH: DATA})).fetch(wanted()).read_bytes() == DATA


def test_pace() -> None:
    now = [0.0]
    pace = Pace(10, 100, clock_s=lambda: now[0])
    now[0] = 10
    pace.came(100, "it")
    assert pace.left_s() == 1
    now[0] = 11.5
    with pytest.raises(RefusedError) as caught:
        pace.came(10, "it")
    assert caught.value.reason is Reason.TOO_SLOW
    assert pace.left_s() == 0
    with pytest.raises(RefusedError) as caught:
        Pace(10, 100, lambda: True).came(1, "it")
    assert caught.value.reason is Reason.STOPPED
