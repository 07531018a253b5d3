"""A real RAUC service on a bus of its own, with two small slots on loop devices and a boot loader that is two files."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge.updates.system.bus import BusError
from edge.updates.system.rauc import Rauc
from tests.programs import absent, program
from tests.rigs.host import wait_until

SLOT_BYTES = 1 << 20
COMPATIBLE = "foresight-rig"
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"""
# What the boot loader of a board keeps: which slot is started, and which were found good.
BACKEND = """#!/bin/sh
set -eu
cd {folder}
case $1 in
  get-primary) cat primary ;;
  set-primary) echo "$2" > primary ;;
  get-state) cat "state-$2" 2>/dev/null || echo bad ;;
  set-state)
    [ ! -e refuse ]; echo "$3" > "state-$2"
    if [ "$3 $2" = "bad B" ]; then echo A > primary; fi ;;
  get-current) echo A ;;
esac
"""
SYSTEM = """[system]
compatible={compatible}
bootloader=custom
statusfile={folder}/status
bundle-formats=plain verity

[handlers]
bootloader-custom-backend={folder}/backend

[keyring]
path={folder}/cert.pem

[slot.rootfs.0]
device={a}
type=raw
bootname=A

[slot.rootfs.1]
device={b}
type=raw
bootname=B
"""


class Board:
    """Use as a context manager; `booted` is the slot that the service is told to be started from."""

    def __init__(self) -> None:
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if os.geteuid() != 0:
            absent("RAUC and loop devices need root")
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rauc-")))
            certificate(self.folder, "cert.pem", "key.pem")
            slots = [stack.enter_context(_loop(self.folder / name)) for name in "ab"]
            self._configure(slots[0], slots[1])
            self.address = f"unix:path={self.folder}/bus"
            bus = [program("dbus-daemon", "dbus"), f"--config-file={self.folder}/bus.conf", "--nofork", "--nopidfile"]
            process = subprocess.Popen(bus, stderr=subprocess.DEVNULL)
            stack.callback(_end, process)
            assert wait_until((self.folder / "bus").exists)
            stack.callback(self.stop)
            self.start("A")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def start(self, booted: str) -> None:
        """Have the service run, as on a board that was started from that slot."""
        self.stop()
        options = [f"--conf={self.folder}/system.conf", f"--mount={self.folder}/mnt", f"--override-boot-slot={booted}"]
        self._service = subprocess.Popen(
            [program("rauc"), *options, "service"],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert wait_until(self._answers)

    def stop(self) -> None:
        """Have nobody answer."""
        if self._service is not None:
            _end(self._service)
            self._service = None

    def bundle(self, content: bytes, name: str = "system.raucb", compatible: str = COMPATIBLE, key: str = "") -> Path:
        """A bundle of the format `plain`, with `content` for the slot; `key` is a prefix of another signer's files."""
        inside, out = self.folder / f"{name}.d", self.folder / name
        inside.mkdir()
        (inside / "system.img").write_bytes(content)
        (inside / "manifest.raucm").write_text(
            f"[update]\ncompatible={compatible}\nversion=2\n[bundle]\nformat=plain\n[image.rootfs]\n"
            "filename=system.img\n"
        )
        signed = [f"--cert={self.folder}/{key}cert.pem", f"--key={self.folder}/{key}key.pem"]
        program("mksquashfs", "squashfs-tools")
        subprocess.run(
            [program("rauc"), *signed, "bundle", str(inside), str(out)], check=True, capture_output=True, timeout=60
        )
        return out

    def slot(self, name: str) -> bytes:
        """What is written in a slot."""
        return (self.folder / name).read_bytes()

    def _configure(self, a: str, b: str) -> None:
        (self.folder / "mnt").mkdir()
        (self.folder / "bus.conf").write_text(BUS.format(path=self.folder / "bus"))
        (self.folder / "system.conf").write_text(SYSTEM.format(folder=self.folder, a=a, b=b, compatible=COMPATIBLE))
        (self.folder / "backend").write_text(BACKEND.format(folder=self.folder))
        (self.folder / "backend").chmod(0o755)
        (self.folder / "primary").write_text("A\n")
        (self.folder / "state-A").write_text("good\n")

    def _answers(self) -> bool:
        try:
            return Rauc(self.address).compatible() == COMPATIBLE
        except BusError:
            return False


def certificate(folder: Path, cert: str, key: str) -> None:
    """A key, and a certificate that it signs for itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rig")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    (folder / cert).write_bytes(made.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / key).write_bytes(private.private_bytes(*plain))


@contextmanager
def _loop(file: Path) -> Iterator[str]:
    file.write_bytes(bytes(SLOT_BYTES))
    losetup = program("losetup", "mount")
    command = [losetup, "--find", "--show", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode:
        absent(f"there is no loop device to be had: {done.stderr.strip()}")
    device = done.stdout.strip()
    try:
        yield device
    finally:
        subprocess.run([losetup, "--detach", device], check=False, capture_output=True, timeout=30)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(20)
