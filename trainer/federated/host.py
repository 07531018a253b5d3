"""The host's end of learning together: a SuperLink of Flower, and one run on it."""

import ipaddress
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.contracts.bundle import read_bundle
from edge.federated.process import free_port, running
from edge.federated.programs import environment, require_flower
from trainer.errors import TrainError
from trainer.federated.bundle import write_app
from trainer.federated.plan import Plan, beginning
from trainer.federated.record import FILE

START_S, SUBMIT_S = 120.0, 120.0
SPARE_S = 300.0  # beyond all deadlines, before the whole is given up
LOOK_S = 0.2
AT_ONCE = 4  # keys that are told to Flower at a time
LINK = "here"


@dataclass(frozen=True, slots=True)
class Address:
    """Where devices find the host, and how they know it."""

    host: str  # name or address to listen on for devices
    port: int
    cert: Path  # PEM; names what devices, and this machine, call the host
    key: Path
    ca: Path  # the authority that signed it
    name: str = "127.0.0.1"  # that this machine calls itself by, which no other can reach; in the certificate too
    devices: tuple[Path, ...] = ()  # public keys of the devices that may take part; none = whoever is on this machine


def federated(plan: Plan, address: Address) -> None:
    """Run all rounds; what comes of it lies in `plan.out` as soon as a round has ended.

    Raises:
        ConfigError: Flower is not installed.
        TrainError: a file is not there, the model does not learn, the address is open to others but no keys are asked
            for, or the rounds failed.
    """
    _check(plan, address)
    require_flower()
    plan.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="foresight-federated-") as folder:
        home = Path(folder)
        env, own = environment(home), free_port(address.name)
        _write_settings(home, plan, address, own)
        with running(_link(address, own), env, plan.out / "superlink.log") as link:
            _await(link, address, own, plan.out)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(
                    pool.map(
                        lambda key: _flower(["supernode", "register", str(key), LINK], env, SUBMIT_S), address.devices
                    )
                )
            _flower(["run", str(home / "app"), LINK, "--stream"], env, longest_s(plan))
    rounds = (plan.out / FILE).read_text().splitlines() if (plan.out / FILE).exists() else []
    if len(rounds) <= plan.course.rounds:
        raise TrainError(
            f"{len(rounds)} of {plan.course.rounds + 1} rounds were done; {plan.out}/superlink.log says more; go on "
            "from the last weights with --resume"
        )


def longest_s(plan: Plan) -> float:
    """After which the whole is given up."""
    course = plan.course
    return (course.rounds + 1) * (course.deadline_s + course.patience_s) + SPARE_S


def _check(plan: Plan, address: Address) -> None:
    for path in (address.cert, address.key, address.ca, *address.devices):
        if not path.is_file():
            raise TrainError(f"{path} is no file; give the path of what is meant")
    if not address.devices and not _is_own(address.host):
        raise TrainError(
            f"{address.host} is open to others; give the devices' public keys with --devices, or 127.0.0.1"
        )
    if not _is_own(address.name):
        raise TrainError(f"{address.name} is not what only this machine calls itself by; 127.0.0.1 or localhost is")
    bundle = read_bundle(plan.model)
    if bundle.trainable is None:
        raise TrainError(f"{plan.model} does not learn; export it with --trainable")
    beginning(plan, bundle, np.zeros(bundle.trainable.weights, np.float32))
    if (plan.out / FILE).exists():
        raise TrainError(f"{plan.out} holds rounds of before; give another folder")


def _is_own(host: str) -> bool:
    """Whether nobody but this machine can reach an address or a name."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TrainError(f"{host} is no address of this machine: {error}; give one of its own") from error
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def _write_settings(home: Path, plan: Plan, address: Address, own: int) -> None:
    paths = {name: path.resolve() for name in ("model", "out", "resume") if (path := getattr(plan, name)) is not None}
    (home / "plan.json").write_text(plan.model_copy(update=paths).model_dump_json())
    write_app(home / "app", home / "plan.json")
    flower = home / "flower"
    flower.mkdir()
    (flower / "config.toml").write_text(
        f'[superlink]\ndefault = "{LINK}"\n\n[superlink.{LINK}]\naddress = "{address.name}:{own}"\n'
        f"root-certificates = '{address.ca.resolve()}'\n"
    )


def _link(address: Address, own: int) -> list[str]:
    command = [sys.executable, "-P", "-m", "trainer.federated.link", address.host, str(address.port)]
    command += ["--host", address.name, "--port", str(own), "--disable-runtime-dependency-installation"]
    command += ["--ssl-certfile", str(address.cert.resolve()), "--ssl-keyfile", str(address.key.resolve())]
    command += ["--ssl-ca-certfile", str(address.ca.resolve())]
    return [*command, *(["--enable-supernode-auth"] if address.devices else [])]


def _await(link: "subprocess.Popen[bytes]", address: Address, own: int, out: Path) -> None:
    """Until it listens. Raises TrainError."""
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s and link.poll() is None:
        try:
            with socket.create_connection((address.name, own), timeout=1.0):
                return
        except OSError:
            time.sleep(LOOK_S)
    raise TrainError(f"Flower's SuperLink does not listen on {address.host}:{address.port}; see {out}/superlink.log")


def _flower(arguments: Sequence[str], env: Mapping[str, str], deadline_s: float) -> None:
    """Run Flower's own command. Raises TrainError."""
    command = [sys.executable, "-P", "-m", "edge.federated.programs", "flwr", *arguments]
    with running(command, env, None) as process:
        try:
            code = process.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            raise TrainError(f"flwr {arguments[0]} did not end within {deadline_s:g} s") from error
    if code:
        raise TrainError(f"flwr {arguments[0]} failed (exit code {code}); what it said stands above")
