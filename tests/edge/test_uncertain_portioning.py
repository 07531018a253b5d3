"""What of the kept looks goes into one archive."""

import json
from pathlib import Path

import pytest

from edge.contracts.archive import ANNOTATIONS, LOOKS
from edge.uncertain.allowing import Allowed
from edge.uncertain.packing import pack
from edge.uncertain.portioning import SPARE_BYTES, Portion, Room, portion
from edge.uncertain.reading import read_record
from edge.uncertain.record import Record
from edge.uncertain.shelf import Shelf, forget
from edge.uncertain.signing import device_key
from tests.rigs.doubts import jpeg, kept, opened, record
from tests.rigs.imports import run

ALLOWED = Allowed(pictures=True, masks={"yard": ()})
OLD, NEW = "a" * 64, "b" * 64


def test_of_nothing_there_is_no_portion(tmp_path: Path) -> None:
    assert portion(tmp_path / "nowhere", ALLOWED, Room()) == Portion() == portion(tmp_path, ALLOWED, Room())


def test_damaged_and_missing_pictures_are_left_out(tmp_path: Path) -> None:
    records = kept(tmp_path, 3, 1)
    folder = tmp_path / "uncertain"
    (folder / f"{records[0].name}.jpg").write_bytes(jpeg(99))
    (folder / f"{records[1].name}.json").write_bytes(b"{")
    assert portion(folder, ALLOWED, Room()) == Portion(records[2:], damaged=1)


def test_a_record_that_the_disk_does_not_give_out_does_not_hold_up_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = kept(tmp_path, 0, 2)
    real = read_record

    def failing(path: Path) -> Record:
        if path.stem == records[0].name:
            raise OSError(5, "Input/output error")
        return real(path)

    monkeypatch.setattr("edge.uncertain.reading.read_record", failing)
    assert portion(tmp_path / "uncertain", ALLOWED, Room()).records == records[1:]


def test_another_users_looks_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, 0, 1)

    def forbidden(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("edge.uncertain.reading.read_record", forbidden)
    with pytest.raises(PermissionError):
        portion(tmp_path / "uncertain", ALLOWED, Room())


@pytest.mark.parametrize("pictures", [0, 12])
def test_portions_come_oldest_first_and_all_looks_travel_in_some(tmp_path: Path, pictures: int) -> None:
    records = kept(tmp_path, pictures, 12 - pictures)
    folder, room, key = tmp_path / "uncertain", Room(json_bytes=SPARE_BYTES + 3000), device_key(tmp_path)
    seen: list[Record] = []
    for number in range(12):
        made = portion(folder, ALLOWED, room)
        assert made.records == records[len(seen) : len(seen) + len(made.records)] != []
        seen += made.records
        assert made.left == len(records) - len(seen)
        archive = tmp_path / f"{number}.tar"
        pack(folder, made.records, "dev", key, archive)
        parts = {info.name: content for info, content in opened(archive)}
        assert max(len(parts[ANNOTATIONS]), len(parts[LOOKS])) <= room.json_bytes
        run(archive, key.fingerprint, tmp_path / "data")
        for one in made.records:
            forget(folder, one.name)
        if not made.left:
            break
    assert number > 1
    assert seen == records
    note = json.loads((tmp_path / "data" / "imported.json").read_text())["value"]
    looks = (tmp_path / "data" / "looks.jsonl").read_text().splitlines() if not pictures else []
    assert len(note) + len(looks) == 12


@pytest.mark.parametrize(("room", "most"), [(Room(pictures=2), 2), (Room(bytes=30_000), 4), (Room(), 5)])
def test_pictures_and_their_bytes_have_a_limit_too(tmp_path: Path, room: Room, most: int) -> None:
    records = kept(tmp_path, 5)
    made = portion(tmp_path / "uncertain", ALLOWED, room)
    assert 1 <= len(made.records) <= most
    assert made.records == records[: len(made.records)]
    assert made.left == 5 - len(made.records)


@pytest.mark.parametrize(
    ("then", "pictures", "masks", "goes"),
    [
        ((), True, {"yard": ()}, True),
        ((), False, {"yard": ()}, False),
        ((), True, {}, False),  # the camera was removed
        ((), True, {"gate": ()}, False),
        ((), True, {"yard": (NEW,)}, False),
        ((OLD,), True, {"yard": (OLD,)}, True),
        ((OLD,), True, {"yard": (NEW,)}, False),
        ((OLD,), True, {"yard": (OLD, NEW)}, False),
        ((OLD, NEW), True, {"yard": (NEW,)}, True),  # more was blackened than need be
        ((OLD,), True, {"yard": ()}, True),
    ],
)
def test_pictures_go_only_as_the_present_configuration_allows(
    tmp_path: Path, then: tuple[str, ...], pictures: bool, masks: dict[str, tuple[str, ...]], goes: bool
) -> None:
    shelf, one = Shelf(tmp_path, 10**8), record(1, jpeg(1), masks=then)
    shelf.open()
    assert shelf.keep(one, jpeg(1))
    bare: Record = one.model_copy(update={"picture": ""})
    expected = Portion([one]) if goes else Portion([bare], withheld=1)
    assert portion(tmp_path, Allowed(pictures, masks), Room()) == expected
