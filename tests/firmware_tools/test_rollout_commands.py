"""`foresight-firmware rollout`, as a person calls it: releases, a fleet with certificates, its broker, and devices."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge.contracts.errors import BrokerError
from firmware_tools.__main__ import app
from firmware_tools.errors import MistakeError
from firmware_tools.release.lifetimes import wall_clock
from firmware_tools.rollout.folder import begin
from firmware_tools.rollout.journal import Journal
from firmware_tools.rollout.plan import Plan
from firmware_tools.rollout.records import Asked
from firmware_tools.rollout.released import wished
from tests.rigs.broker import Broker
from tests.rigs.fleet import FleetBroker, add, add_host
from tests.rigs.releases import NAME, Workshop
from tests.rigs.rollouts import names, plan
from tests.rigs.simulated_device import Nature
from tests.rigs.simulated_fleet import SimulatedFleet

QUICK = ("--soak", "0.1", "--quiet")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def workshop(folder: Path) -> Workshop:
    made = Workshop(folder)
    made.release(version="2", boards=("pi4",))
    return made


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as running:
        yield running


def rollout(*arguments: str, code: int = 0) -> str:
    """What it says."""
    done = CliRunner().invoke(app, ["rollout", *arguments], env={"COLUMNS": "200"})
    if isinstance(done.exception, Exception):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def listed(folder: Path, count: int) -> tuple[str, str]:
    (folder / "names").write_text("\n".join(names(count)))
    return "--devices", str(folder / "names")


def test_from_the_first_canary_to_the_last(workshop: Workshop, folder: Path, broker: Broker) -> None:
    with SimulatedFleet(broker.port, dict.fromkeys(names(5), Nature())) as devices:
        at = ("--broker", f"127.0.0.1:{broker.port}")
        said = rollout("start", "autumn", NAME, *listed(folder, 5), *at, *QUICK)
        assert "autumn: done, 5 of 5 asked in 2 waves: 5 good" in said
        assert set(devices.versions().values()) == {"2"}
    assert "5 good" in rollout("status")
    assert f"{NAME} 2" in rollout("status", "autumn")
    assert sorted(rollout("status", "autumn", "--names", "good").split()) == list(names(5))
    told = json.loads(rollout("status", "autumn", "--json"))
    assert (told["state"], told["counts"], told["asked"]) == ("done", {"good": 5}, 5)
    assert rollout("resume", "autumn", "--quiet").count("autumn: done") == 1


def test_a_sick_release(workshop: Workshop, folder: Path, broker: Broker) -> None:
    natures = dict.fromkeys(names(5), Nature()) | {"d0003": Nature(sick=True)}
    with SimulatedFleet(broker.port, natures):
        at = ("--broker", f"127.0.0.1:{broker.port}", "--canary", "d0001", "--canary", "d0003")
        said = rollout("start", "autumn", NAME, *listed(folder, 5), *at, *QUICK, code=1)
    assert "aborted, 2 of 5 asked in 1 wave: 1 good, 1 failed; the canary d0003 failed (sick)" in said.replace("\n", "")
    said = rollout("status", "autumn")
    assert "failed d0003 (sick): it is sick" in said
    assert "Good devices stay as they are, here 1." in said
    assert "under a higher version" in said
    assert json.loads(rollout("status", "--json"))[0]["told"][0]["device"] == "d0003"


def test_a_fleet_with_certificates(workshop: Workshop, folder: Path) -> None:
    with FleetBroker(folder / "fleet") as broker:
        add(broker.fleet, "shed")
        add_host(broker.fleet, "rollout")
        broker.restart()
        at = ("--host", "rollout", "--quiet", "--once")
        said = rollout("start", "autumn", NAME, *at, code=3)
        assert "1 of 1 asked in 1 wave: 1 asked" in said
        assert "it is not over" in said
        with pytest.raises(MistakeError, match="did you mean"):
            rollout("start", "winter", NAME, "--host", "rollouts", "--quiet", "--once")
        assert "aborted" in rollout("abort", "autumn", "--quiet")
        assert rollout("status", "autumn", "--names", "good") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((NAME,), "is no fleet; name its folder"),
        (("configurations/dor.yaml", "--device", "d0000"), "did you mean configurations/door.yaml"),
        ((f"{NAME}@3", "--device", "d0000"), "is released in version 2, not 3"),
        ((NAME, "--device", "d0000", "--canary", "d0001"), "the canary 'd0001' is not among"),
        ((NAME, "--device", "d 0"), "a name is of letters"),
        ((NAME, "--device", "d0000", "--gone", "60", "--deadline", "30"), "deadline must not be before"),
        ((NAME, "--device", "d0000", "--broker", "nowhere"), "write host:port"),
        ((NAME, "--device", "d0000", "--factor", "1000"), "less than or equal to 100"),
        ((NAME, "--device", "d0000", "--ca-file", "names"), "no certificate in PEM"),
        ((NAME, "--device", "d0000", "--host", "desk", "--username", "me"), "known by its certificate"),
    ],
)
def test_what_must_be_mended_first(workshop: Workshop, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    listed(folder, 1)
    with pytest.raises(MistakeError, match=said):
        rollout("start", "autumn", *arguments)
    assert rollout("status") == "no roll-outs in rollouts\n"


def test_releases_that_have_expired(workshop: Workshop) -> None:
    assert [file.version for file in wished(workshop.repository, [NAME], wall_clock())] == ["2"]
    with pytest.raises(MistakeError, match="has expired, so devices would refuse it"):
        wished(workshop.repository, [NAME], wall_clock() + timedelta(days=30))


def test_without_a_broker_nothing_is_lost(folder: Path) -> None:
    begin(Path("rollouts"), plan(3, port=1))
    with pytest.raises(BrokerError, match="nothing was asked"):
        rollout("resume", "autumn", "--once", "--quiet")
    assert "pauses" in rollout("pause", "autumn")
    assert "autumn: running, 0 of 3 asked" in rollout("status")
    for command in ("pause", "resume", "abort", "status"):
        with pytest.raises(MistakeError, match="there is no roll-out winter"):
            rollout(command, "winter")


def test_what_asked_nobody_is_ended_without_a_broker(folder: Path) -> None:
    begin(Path("rollouts"), plan(3, port=1))
    with pytest.raises(BrokerError, match=r"cannot be reached \(.+\); nothing was asked"):
        rollout("resume", "autumn", "--once", "--quiet")
    assert "autumn: aborted, 0 of 3 asked in 0 waves; a person asked for it" in rollout("abort", "autumn", "--quiet")
    begin(Path("rollouts"), plan(3, name="winter"))  # its devices are free again


def test_without_a_broker_it_is_said_once_what_comes_of_that(folder: Path) -> None:
    begin(Path("rollouts"), plan(3, port=1))
    done = CliRunner().invoke(app, ["rollout", "resume", "autumn", "--once", "--quiet"], env={"COLUMNS": "200"})
    assert isinstance(done.exception, BrokerError)
    assert "waits" not in done.output


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (b"", r"is damaged \(Expecting value: line 1 column 1 .*\); bring it back from a copy, or move the folder"),
        (b'{"version": 1, "value": ', r"is damaged \(Expecting value: line 1 column 25"),
        (b'{"version": 1, "value": {"name": "april"}}', "is damaged: wishes: Field required; bring it back"),
    ],
)
def test_looking_leaves_a_damaged_plan_where_it_is(folder: Path, damaged: bytes, said: str) -> None:
    begin(Path("rollouts"), plan(3))
    april = Path("rollouts", "april")
    april.mkdir()
    (april / "plan.json").write_bytes(damaged)
    before = {path: path.read_bytes() for path in Path("rollouts").rglob("*") if path.is_file()}
    for arguments in ((), ("april",), ("april", "--json")):
        with pytest.raises(MistakeError, match=rf"april/plan\.json {said}"):
            rollout("status", *arguments)
    done = CliRunner().invoke(app, ["rollout", "status"])
    assert done.output == "autumn: running, 0 of 3 asked in 0 waves\n"
    with pytest.raises(MistakeError, match=rf"april/plan\.json {said}"):
        begin(Path("rollouts"), plan(3, name="spring"))  # whose devices may be those of april
    assert {path: path.read_bytes() for path in Path("rollouts").rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (None, "is missing, so nobody knows who was asked"),
        (b"", "is damaged in line 1: no record is whole"),
        (b"garbage without an end", "is damaged in line 1: no record is whole"),
        (b"garbage\n", "is damaged in line 1"),
        (b"[]\n", "is damaged in line 1: no record is whole"),
    ],
)
def test_a_journal_that_is_gone_never_counts_as_nothing_asked(folder: Path, damaged: bytes | None, said: str) -> None:
    begin(Path("rollouts"), plan(3, port=1))
    april = begin(Path("rollouts"), with_devices("april", "x1", "x2")).path
    journal = april / "journal.jsonl"
    journal.unlink() if damaged is None else journal.write_bytes(damaged)
    before = {path: path.read_bytes() for path in Path("rollouts").rglob("*") if path.is_file()}
    told = rf"april/journal\.jsonl {said}.*; bring it back from a copy, or move the folder rollouts/april away"
    for arguments in (("status",), ("status", "april"), ("pause", "april"), ("abort", "april"), ("resume", "april")):
        with pytest.raises(MistakeError, match=told):
            rollout(*arguments)
    assert CliRunner().invoke(app, ["rollout", "status"]).output == "autumn: running, 0 of 3 asked in 0 waves\n"
    for other in (with_devices("april", "x1", "x2"), with_devices("spring", "x1")):  # the same, and one of its devices
        with pytest.raises(MistakeError, match=told):
            begin(Path("rollouts"), other)
    assert {path: path.read_bytes() for path in Path("rollouts").rglob("*") if path.is_file()} == before


def with_devices(name: str, *devices: str) -> Plan:
    return Plan(**{**dict(plan(1, port=1, canaries=1, name=name)), "devices": devices})


def test_a_journal_without_its_plan_is_not_begun_anew(folder: Path) -> None:
    made = begin(Path("rollouts"), plan(3)).path
    (made / "plan.json").unlink()
    begin(Path("rollouts"), plan(3))  # cut off before its plan was there
    (made / "plan.json").unlink()
    with Journal(made) as journal:
        journal.add([Asked(at_s=1, before={"d0000": ""})])
    with pytest.raises(MistakeError, match=r"autumn/journal\.jsonl is there without its plan; bring that back"):
        begin(Path("rollouts"), plan(3))


def test_a_start_without_a_broker_says_how_to_go_on(workshop: Workshop, folder: Path) -> None:
    start = ("start", "autumn", NAME, "--device", "d0000", "--canaries", "1", "--once", *QUICK)
    with pytest.raises(
        BrokerError,
        match="nothing was asked; it is not over: `rollout resume autumn` goes on, `rollout "
        "abort autumn` ends it; until then no other roll-out has its devices",
    ):
        rollout(*start, "--broker", "127.0.0.1:1")


def test_another_way_to_the_broker_is_taken_over(workshop: Workshop, folder: Path, broker: Broker) -> None:
    start = ("start", "autumn", NAME, "--device", "d0000", "--canaries", "1", "--once", *QUICK)
    with pytest.raises(BrokerError, match="nothing was asked"):
        rollout(*start, "--broker", "127.0.0.1:1")
    rollout(*start, "--broker", f"127.0.0.1:{broker.port}", code=3)
    assert "autumn: running, 1 of 1 asked" in rollout("status")
