"""Changes of a fleet: private, one at a time, and old or new wherever they are killed."""

import os
import shutil
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge.contracts.locking import locked
from edge.contracts.stored import replace_file
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.identity import authorities, files, members, settling
from firmware_tools.identity.inventory import read_inventory
from firmware_tools.identity.settling import Template
from firmware_tools.identity.shown import to_do
from firmware_tools.identity.transaction import Transaction, opened
from tests.rigs.fleet import NOW, add, add_host, begun, folder, nobody, prepared, renew

TEMPLATE = "template.yaml"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory.mktemp("original") / "fleet")


@pytest.fixture
def fleet(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path / "fleet")
    return tmp_path / "fleet"


def test_all_of_it_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        begun(tmp_path / "a" / "fleet")
        add(tmp_path / "a" / "fleet", "shed")
        add_host(tmp_path / "a" / "fleet", "collector")
    finally:
        os.umask(before)
    fleet = tmp_path / "a" / "fleet"
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [fleet, *fleet.rglob("*")]}
    assert len(modes) > 20
    assert {path: mode for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_a_full_disk_is_told_and_what_was_done(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_inventory(fleet)

    def full(path: Path, data: bytes) -> None:
        if path.name == "foresight.acl":
            raise OSError(ENOSPC, "No space left on device")
        replace_file(path, data)

    monkeypatch.setattr(files, "replace_file", full)
    with pytest.raises(FirmwareError, match=r"the change is made, but not for the broker yet: .* No space left"):
        add_host(fleet, "other")
    assert [said for said in to_do(fleet, read_inventory(fleet), NOW) if "behind" in said]
    monkeypatch.setattr(files, "replace_file", lambda *_: full(Path("foresight.acl"), b""))
    with pytest.raises(FirmwareError, match=r"host.* cannot be written: No space left"):
        add_host(fleet, "another")
    assert read_inventory(fleet).revision == before.revision + 1
    assert not list((fleet / "hosts").glob("another/*"))


def test_a_key_that_others_may_read_is_not_used(fleet: Path) -> None:
    (fleet / "authority" / "1.key").chmod(0o644)
    with pytest.raises(MistakeError, match="chmod go="):
        add_host(fleet, "collector")
    (fleet / "authority" / "1.key").chmod(0o600)
    fleet.chmod(0o755)
    with pytest.raises(MistakeError, match="open to others"):
        add_host(fleet, "collector")


def test_an_authority_never_signs_with_the_key_of_another(fleet: Path, tmp_path: Path) -> None:
    begun(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "authority" / "1.key", fleet / "authority" / "1.key")
    with pytest.raises(MistakeError, match=r"1\.key is not the key of .*1\.crt"):
        add_host(fleet, "new")


def test_the_brokers_files_are_made_anew_where_their_folder_is_gone(fleet: Path) -> None:
    before = {path.name for path in (fleet / "mosquitto").iterdir()}
    shutil.rmtree(fleet / "mosquitto")
    with opened(fleet, nobody, NOW) as transaction:
        transaction.write_broker()
    assert {path.name for path in (fleet / "mosquitto").iterdir()} == before
    assert stat.S_IMODE((fleet / "mosquitto").stat().st_mode) == 0o700


def test_one_change_at_a_time_and_none_is_lost(fleet: Path) -> None:
    names = [f"h{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: add_host(fleet, name), names))
    inventory = read_inventory(fleet)
    assert [one.name for one in inventory.hosts] == ["collector", *names]
    assert inventory.revision == 3 + 8
    said = pytest.raises(FirmwareError, match="being changed by another command")
    with locked(fleet / ".lock", 1.0), said, opened(fleet, nobody, NOW, wait_s=0.1):
        pass


def test_what_a_kill_left_half_written_goes_with_the_next_change(fleet: Path) -> None:
    left = [
        fleet / ".fleet.json.abcdefgh",
        fleet / "mosquitto" / ".broker.key.abcdefgh",
        fleet / "authority" / ".2.key.abcdefgh",
    ]
    staged = fleet / "hosts" / "other" / "9"
    staged.mkdir(0o700, parents=True)
    for path in (*left, staged / "host.key"):
        path.write_text("secret")
    add_host(fleet, "new")
    assert [path for path in (*left, staged) if path.exists()] == []
    coherent(fleet)


class KilledError(BaseException):
    """The process ends here."""


def several(transaction: Transaction) -> Transaction:
    """Two devices that are put in at once; the daemon's check of their configuration is of other tests."""
    template = Template((transaction.fleet / TEMPLATE).read_text(), transaction.fleet / TEMPLATE)
    words = {"barn": {"FORESIGHT_DOOR_PASSWORD": "hunter3"}, "attic": {"FORESIGHT_DOOR_PASSWORD": "hunter4"}}
    wanted = [members.NewDevice(name, "pi4", "all", (), values) for name, values in words.items()]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settling, "refuse_bad", lambda *_: None)
        return members.add(transaction, wanted, template)


CHANGES: dict[str, Callable[[Transaction], object]] = {
    "devices": several,
    "host": lambda transaction: members.add_host(transaction, "other"),
    "device": lambda transaction: members.rotate(transaction, "shed"),
    "out": lambda transaction: members.revoke(transaction, "collector", "key_compromise"),
    "authority": authorities.rotate_authority,
    "broker": renew,
}


def coherent(fleet: Path) -> None:
    """All that the inventory names is there, whole, and fits together."""
    inventory = read_inventory(fleet)
    pairs = {inventory.broker.issued.serial: fleet / "broker" / str(inventory.broker.folder) / "broker"}
    for one in inventory.members:
        if one.issued:
            kind = "host" if one in inventory.hosts else "device"
            pairs[one.issued[-1].serial] = folder(fleet, one.name) / kind
    for serial, path in pairs.items():
        certificate = x509.load_pem_x509_certificate(path.with_suffix(".crt").read_bytes())
        key = load_pem_private_key(path.with_suffix(".key").read_bytes(), None)
        assert f"{certificate.serial_number:x}" == serial
        assert certificate.public_key() == key.public_key()


@pytest.mark.parametrize("change", CHANGES)
def test_killed_at_any_step_it_is_old_or_new(
    original: Path, tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, seen, over = read_inventory(original), list[int](), False
    while not over:
        fleet = tmp_path / str(len(seen))
        shutil.copytree(original, fleet)
        over = killed(fleet, change, len(seen), monkeypatch)
        now = read_inventory(fleet)
        coherent(fleet)
        assert now == before or now.revision == before.revision + 1
        seen.append(now.revision - before.revision)
        with opened(fleet, nobody, NOW) as transaction:  # the next one mends what was left
            transaction.write_broker()
        assert not [said for said in to_do(fleet, now, NOW) if "behind" in said]
        if now == before:
            with opened(fleet, nobody, NOW) as transaction:  # and what was cut off can be done
                CHANGES[change](transaction)
            coherent(fleet)
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen.count(1) > 6  # the inventory first, and then each of the broker's files


def killed(fleet: Path, change: str, step: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Make a change and end it before one of its writes; whether it was over by then."""
    left = step

    def counted(path: Path, data: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError
        replace_file(path, data)

    with monkeypatch.context() as patched, opened(fleet, nobody, NOW) as transaction:
        patched.setattr(files, "replace_file", counted)
        try:
            CHANGES[change](transaction)
        except KilledError:
            return False
        return True
