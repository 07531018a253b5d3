"""Releases are begun: keys, first lists, and what is left of a beginning that failed."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_tools.broker import PasswordAccess, endpoint
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.release import starting
from firmware_tools.release.adding import remove
from firmware_tools.release.lifetimes import Lifetimes, wall_clock
from firmware_tools.release.publishing import publish
from firmware_tools.release.repository import Repository
from firmware_tools.release.rotating import Rotation, rotate
from firmware_tools.release.serving import serve
from firmware_tools.release.signing import sign
from firmware_tools.release.starting import Holders, KeyPlan, start
from firmware_tools.release.status import status
from tests.rigs.releases import NAME, Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "workshop")


def test_a_new_repository(workshop: Workshop) -> None:
    told = status(workshop.repository, wall_clock())
    assert [(one.role, one.version, one.threshold, len(one.keys)) for one in told.lists] == [
        ("root", 1, 2, 3),
        ("targets", 1, 1, 1),
        ("snapshot", 1, 1, 1),
        ("timestamp", 1, 1, 1),
    ]
    assert (told.staged, told.files, told.changes) == ((), (), ())
    assert workshop.repository.trust_root.read_bytes() == (workshop.repository.metadata / "1.root.json").read_bytes()
    assert b"PRIVATE" not in b"".join(
        path.read_bytes() for path in workshop.repository.home.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda plan, _: KeyPlan(plan.folder, "", Holders(2, 3), plan.targets),
        lambda plan, _: KeyPlan(plan.folder, "", Holders(0, 0), plan.targets),
        lambda plan, _: KeyPlan(plan.folder, "", plan.root, Holders(99, 1)),
        lambda plan, repository: KeyPlan(repository.public / "keys", "", plan.root, plan.targets),
    ],
)
def test_plans_that_cannot_hold(tmp_path: Path, change: Callable[[KeyPlan, Repository], KeyPlan]) -> None:
    repository = Repository(tmp_path / "releases")
    plan = change(KeyPlan(tmp_path / "keys", "", Holders(1, 1), Holders(1, 1)), repository)
    with pytest.raises(MistakeError):
        start(repository, plan, Lifetimes(), wall_clock())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("days", [{"timestamp": 99_999_999}, {"root": 0}, {"targets": -1}, {"snapshot": 3651}])
def test_days_that_cannot_be_are_refused_before_anything_is_written(tmp_path: Path, days: dict[str, int]) -> None:
    plan = KeyPlan(tmp_path / "keys", "", Holders(1, 1), Holders(1, 1))
    with pytest.raises(MistakeError, match="at least 1, at most 3650"):
        start(Repository(tmp_path / "releases"), plan, Lifetimes(**days), wall_clock())
    assert list(tmp_path.iterdir()) == []


def test_days_that_were_damaged(workshop: Workshop) -> None:
    path = workshop.repository.lifetimes
    for damaged in (path.read_text().replace("730", "99999999"), path.read_text()[:-3], ""):
        path.write_text(damaged)
        with pytest.raises(MistakeError, match=rf"{path.name} is missing or damaged .*; bring it back"):
            workshop.add()
        with pytest.raises(MistakeError, match=rf"{path.name} is missing or damaged .*; bring it back"):
            status(workshop.repository, wall_clock())
        assert path.read_text() == damaged


@pytest.mark.parametrize("step", ["new_key", "write_list", "write_lifetimes", "publish"])
@pytest.mark.parametrize("fault", [OSError(28, "No space left"), FirmwareError("no"), KeyboardInterrupt()])
def test_a_beginning_that_failed_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "mine").touch()
    repository, plan = (
        Repository(tmp_path / "new" / "releases"),
        KeyPlan(tmp_path / "keys", "", Holders(1, 1), Holders(1, 1)),
    )
    real, calls = getattr(starting, step), []

    def failing(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2 or step in ("write_lifetimes", "publish"):
            raise fault
        return real(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(starting, step, failing)
        with pytest.raises((FirmwareError, KeyboardInterrupt, OSError)):
            start(repository, plan, Lifetimes(), wall_clock())
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == ["keys", "keys/mine"]
    assert len(start(repository, plan, Lifetimes(), wall_clock())) == 4


def test_what_was_there_before_a_beginning_that_failed_stays(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "targets-1.pem").write_text("another's")
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "notes").touch()
    plan = KeyPlan(tmp_path / "keys", "", Holders(1, 1), Holders(1, 1))
    with pytest.raises(MistakeError, match="no key is ever replaced"):
        start(Repository(tmp_path / "releases"), plan, Lifetimes(), wall_clock())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["keys", "notes", "releases", "targets-1.pem"]
    assert (tmp_path / "keys" / "targets-1.pem").read_text() == "another's"


def test_two_do_not_begin_the_same(tmp_path: Path) -> None:
    repository, plan = Repository(tmp_path / "releases"), KeyPlan(tmp_path / "keys", "", Holders(1, 1), Holders(1, 1))
    repository.files.mkdir(parents=True)
    with pytest.raises(MistakeError, match="broken off"):
        start(repository, plan, Lifetimes(), wall_clock())
    assert repository.files.is_dir()
    assert not plan.folder.exists()


def test_a_repository_is_never_begun_anew(workshop: Workshop, tmp_path: Path) -> None:
    plan = KeyPlan(tmp_path / "other", "", Holders(1, 1), Holders(1, 1))
    before = workshop.served()
    with pytest.raises(MistakeError, match="rotate-keys"):
        start(workshop.repository, plan, Lifetimes(), wall_clock())
    assert workshop.served() == before
    assert not (tmp_path / "other").exists()


def test_without_a_repository(tmp_path: Path) -> None:
    repository, now = Repository(tmp_path / "nothing"), wall_clock()
    rotation = Rotation("root", [], [], 1)
    for act in (
        lambda: status(repository, now),
        lambda: sign(repository, []),
        lambda: publish(repository, [], now),
        lambda: rotate(repository, rotation, now),
        lambda: remove(repository, NAME, now),
        lambda: serve(repository, endpoint(PasswordAccess(address="x:1")), threading.Event(), lambda: None),
    ):
        with pytest.raises(MistakeError, match="release init"):
            act()
    assert list(tmp_path.iterdir()) == []
