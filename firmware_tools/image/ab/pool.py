"""The Debian packages that a system is made of: fetched once, written down by hash, and from then on an input.

apt fetches and checks Debian's signatures; it resolves for arm64 from an empty system, and touches nothing of this
machine. Whoever has the folder makes the same system again, without a network.
"""

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from edge.contracts.files import sha256_of
from firmware_tools.errors import FirmwareError, MistakeError
from firmware_tools.image.ab.programs import Command, need, run

LOCK = "packages.json"
FORMAT = 1
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR, SECURITY = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
# Unpacked and configured as packages.
INSTALLED = (
    *("systemd", "systemd-sysv", "systemd-timesyncd", "systemd-resolved", "udev", "dbus", "kmod"),
    *("rauc", "rauc-service", "mount", "util-linux", "login", "passwd", "e2fsprogs", "dosfstools"),
    *("python3", "ca-certificates", "libgomp1", "libstdc++6", "tzdata", "netbase", "iproute2"),
    *("wpasupplicant", "iw", "wireless-regdb", "firmware-brcm80211"),
)
# Only their files are taken: their scripts would make an initrd and write to /boot.
KERNEL, FIRMWARE, BUSYBOX = "linux-image-arm64", "raspi-firmware", "busybox-static"


@dataclass(frozen=True)
class Package:
    """One package of the pool."""

    name: str
    version: str
    architecture: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Pool:
    """A folder of packages, as its lock says.

    Attributes:
        folder: where they are.
        suite: of Debian, as trixie.
        packages: by name.
        sha256: of the lock itself, which stands for all of them.
    """

    folder: Path
    suite: str
    packages: dict[str, Package]
    sha256: str

    def path(self, name: str) -> Path:
        """The file of a package. Raises FirmwareError."""
        if name not in self.packages:
            raise FirmwareError(f"the package {name} is not in {self.folder / LOCK}; fetch the packages anew")
        return self.folder / self.packages[name].file

    @property
    def kernel(self) -> Path:
        """The package that has the kernel in it."""
        names = [name for name in self.packages if name.startswith("linux-image-")]
        return self.path(min(names, default=KERNEL))


def fetch(folder: Path, suite: str, mirror: str, security: str) -> Pool:
    """Fetch all packages of a suite as they are now, and write the lock.

    Raises:
        MistakeError: the folder has a lock, or a program is missing.
        FirmwareError: the mirror cannot be reached, or has not all.
    """
    need("apt-get", "dpkg-deb")
    if not KEYRING.exists():
        raise MistakeError(f"{KEYRING} is not here; install it: sudo apt install debian-archive-keyring")
    if (folder / LOCK).exists():
        raise MistakeError(f"{folder} holds packages; to have newer ones name a new folder")
    state = folder / "apt"
    for path in ("lists/partial", "archives/partial"):
        (state / path).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    options = ["-c", str(_configure(state, suite, mirror, security))]
    run(["apt-get", *options, "update"], f"the lists of {suite} cannot be fetched", limit_s=600)
    depends = run(["apt-cache", *options, "depends", KERNEL], f"{suite} has no kernel")
    kernel = next((line.split()[-1] for line in depends.splitlines() if "Depends: linux-image-" in line), "")
    fetching = ["--download-only", "--no-install-recommends", "install", "?essential", *INSTALLED]
    run(["apt-get", *options, "-y", *fetching], "the packages cannot be fetched", limit_s=3600)
    for name in (kernel, FIRMWARE, BUSYBOX):
        command: Command = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", state / "archives"]
        run([*command, "apt-get", *options, "download", name], f"{name} cannot be fetched", limit_s=1800)
    for package in sorted((state / "archives").glob("*.deb")):
        package.rename(folder / package.name)
    return _locked(folder, suite)


def read_pool(folder: Path) -> Pool:
    """A folder of packages, each held against the lock.

    Raises:
        MistakeError: it has no lock, or a package is missing or changed.
    """
    try:
        data = (folder / LOCK).read_bytes()
        told = json.loads(data)
        packages = {one["name"]: Package(**one) for one in told["packages"]}
        suite = str(told["suite"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MistakeError(f"{folder / LOCK} cannot be read ({error}); make it: image packages {folder}") from error
    for one in packages.values():
        path = folder / one.file
        if "/" in one.file or not path.is_file() or sha256_of(path) != one.sha256:
            raise MistakeError(f"the package {path} is missing, or is not the one that {LOCK} names; fetch anew")
    return Pool(folder, suite, packages, hashlib.sha256(data).hexdigest())


def index(pool: Pool, target: Path) -> None:
    """Make a folder a repository of these packages, for mmdebstrap. Raises FirmwareError."""
    stanzas = []
    for one in sorted(pool.packages.values(), key=lambda package: package.file):
        path = pool.folder / one.file
        control = run(["dpkg-deb", "-f", path], f"{path} is no package").rstrip("\n")
        stanzas.append(f"{control}\nFilename: ./{one.file}\nSize: {path.stat().st_size}\nSHA256: {one.sha256}\n")
        (target / one.file).symlink_to(path.resolve())
    (target / "Packages").write_text("\n".join(stanzas))
    size, sha256 = (target / "Packages").stat().st_size, sha256_of(target / "Packages")
    (target / "Release").write_text(
        f"Suite: {pool.suite}\nCodename: {pool.suite}\nDate: Thu, 01 Jan 1970 00:00:00 UTC\n"
        f"SHA256:\n {sha256} {size} Packages\n"
    )
    for path in (target, target / "Packages", target / "Release"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # apt reads them as another user, whatever our umask


def _locked(folder: Path, suite: str) -> Pool:
    packages = []
    for path in sorted(folder.glob("*.deb")):
        told = subprocess.run(
            ["dpkg-deb", "-W", "--showformat=${Package}\n${Version}\n${Architecture}\n", path],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if told.returncode:
            raise FirmwareError(f"{path} is no package ({told.stderr.strip()}); fetch anew into a new folder")
        name, version, architecture = told.stdout.split()
        packages.append(Package(name, version, architecture, path.name, sha256_of(path)))
    lock = {"format": FORMAT, "suite": suite, "packages": [asdict(one) for one in packages]}
    (folder / LOCK).write_text(json.dumps(lock, indent=1) + "\n")
    return read_pool(folder)


def _configure(state: Path, suite: str, mirror: str, security: str) -> Path:
    parts = "main non-free-firmware"
    signed = f"[arch=arm64 signed-by={KEYRING}]"
    lines = [f"deb {signed} {mirror} {suite} {parts}", f"deb {signed} {mirror} {suite}-updates {parts}"]
    lines += [f"deb {signed} {security} {suite}-security {parts}"] if security else []
    (state / "sources.list").write_text("\n".join(lines) + "\n")
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::State::lists": state / "lists",
        "Dir::Cache": state,
        "Dir::Cache::archives": state / "archives",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::Parts": "/dev/null",
    }
    place = state / "apt.conf"
    place.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return place
