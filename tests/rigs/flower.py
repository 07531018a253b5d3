"""Learning together for real: Flower's programs on this machine, with TLS, from an environment that has Flower.

Flower asks for older versions of what other parts of the tests use, so it has an environment of its own:
`.venv/flower` (made by `make .venv/flower/ready`), or the one that FORESIGHT_FLOWER names, or this very one.
"""

import contextlib
import http.client
import importlib.util
import os
import re
import signal
import socket
import ssl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.paths import REPOSITORY
from tests.rigs.certificates import Authority, Pair

ENVIRONMENT = REPOSITORY / ".venv" / "flower"


def flower_python() -> Path:
    """An interpreter that has Flower, or a skipped test."""
    if importlib.util.find_spec("flwr") is not None:
        return Path(sys.executable)
    named = os.environ.get("FORESIGHT_FLOWER")
    path = Path(named or ENVIRONMENT) / "bin" / "python"
    if not path.exists() or not (named or (ENVIRONMENT / "ready").exists()):
        pytest.skip("Flower is not installed: `make .venv/flower/ready`, or set FORESIGHT_FLOWER to its environment")
    return path


class Site:
    """A host and its devices on this machine.

    Args:
        folder: for everything.
        model: the file that learns.
    """

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self.model, self.out = folder, model, folder / "out"
        self.python, self.port = flower_python(), free_port()
        self.authority = Authority(folder, "authority")
        self.pair = self.authority.sign("localhost")
        (folder / "keys").mkdir()

    @contextmanager
    def host(self, options: Sequence[str], pair: Pair | None = None) -> "Iterator[Popen[bytes]]":
        """`foresight-train federated`, which lets only devices take part that have a key."""
        own = pair or self.pair
        command = ["-m", "trainer", "federated", "--model", str(self.model), "--out", str(self.out)]
        command += ["--cert", str(own.cert), "--key", str(own.key), "--ca", str(self.authority.cert)]
        command += ["--listen", f"127.0.0.1:{self.port}", "--devices", str(self.folder / "keys"), *options]
        with self._running(command, "host") as process:
            yield process

    @contextmanager
    def device(self, name: str, learning: Path, options: Sequence[str] = ()) -> "Iterator[Popen[bytes]]":
        """`foresight federate` on a device; its key must have been made."""
        command = ["-m", "edge", "federate", "--superlink", f"127.0.0.1:{self.port}", "--model", str(self.model)]
        command += ["--ca", str(self.authority.cert), "--learning", str(learning), "--home", str(self.folder / name)]
        command += ["--key", str(self.folder / f"{name}.key"), *options]
        with self._running(command, name) as process:
            yield process

    def make_key(self, name: str, *, known: bool = True) -> None:
        """Of a device; the host is given the public one if it is to know the device."""
        key = ec.generate_private_key(ec.SECP384R1())
        form, plain = serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
        path = self.folder / f"{name}.key"
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
        if known:
            public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
            (self.folder / "keys" / f"{name}.pub").write_bytes(public)

    def own_port(self) -> int:
        """Where the host listens for itself; 0 where it does not yet."""
        path = self.out / "superlink.log"
        found = re.search(r"for this machine alone on 127\.0\.0\.1:(\d+)", path.read_text() if path.exists() else "")
        return int(found[1]) if found else 0

    def post(self, path: str, port: int) -> int:
        """The status that a stranger's empty request is answered with, over TLS."""
        context = ssl.create_default_context(cafile=self.authority.cert)
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)) as link:
            link.request("POST", path, b"", {"Content-Type": "application/protobuf"})
            return link.getresponse().status

    def log(self, name: str) -> str:
        """What a program has said."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def _running(self, command: Sequence[str], name: str) -> "Iterator[Popen[bytes]]":
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
        with (self.folder / f"{name}.log").open("wb") as log:
            process = Popen(
                [str(self.python), *command], env=env, stdin=DEVNULL, stdout=log, stderr=STDOUT, start_new_session=True
            )
            try:
                yield process
            finally:
                kill(process)


def kill(process: "Popen[bytes]") -> None:
    """With all that it has started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
