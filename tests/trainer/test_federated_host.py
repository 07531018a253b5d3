"""What the host refuses before it begins."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.rigs.learning_model import learning_paths
from tests.rigs.trainee import WINDOW
from trainer.errors import TrainError
from trainer.federated.host import Address, federated
from trainer.federated.plan import Plan


def site(folder: Path) -> tuple[Plan, Address]:
    """A model and files that stand for certificates; nobody but this machine can reach the address."""
    cert, key, ca = (folder / name for name in ("cert", "key", "ca"))
    for path in (cert, key, ca):
        path.write_bytes(b"")
    plan = Plan(model=learning_paths(folder / "paths.tflite", WINDOW), out=folder / "out")
    return plan, Address("127.0.0.1", 9443, cert, key, ca)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_is_not_open_to_others_without_keys(tmp_path: Path, host: str) -> None:
    plan, address = site(tmp_path)
    with pytest.raises(TrainError, match="--devices"):
        federated(plan, replace(address, host=host))


@pytest.mark.parametrize("name", ["192.0.2.7", "0.0.0.0"])
def test_controls_flower_only_where_no_other_can_reach_it(tmp_path: Path, name: str) -> None:
    plan, address = site(tmp_path)
    with pytest.raises(TrainError, match="only this machine"):
        federated(plan, replace(address, name=name))


def test_names_what_is_missing(tmp_path: Path) -> None:
    plan, address = site(tmp_path)
    with pytest.raises(TrainError, match="nowhere is no file"):
        federated(plan, replace(address, ca=tmp_path / "nowhere"))


def test_does_not_write_over_rounds_of_before(tmp_path: Path) -> None:
    plan, address = site(tmp_path)
    plan.out.mkdir()
    (plan.out / "rounds.jsonl").write_text("")
    with pytest.raises(TrainError, match="rounds of before"):
        federated(plan, address)
