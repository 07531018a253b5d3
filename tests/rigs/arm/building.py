"""An arm64 Debian from its packages, with the device's wheels: unpacked, never run while it is built."""

import hashlib
import importlib.metadata
import re
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from tests.paths import REPOSITORY
from tests.rigs.arm.places import GUEST_DATA, GUEST_OUT, GUEST_TREE, kept, ran

SUITE, PYTHON = "bookworm", (3, 11)
MIRROR = "deb http://deb.debian.org/debian"
PACKAGES = (
    "base-files,bash,ca-certificates,coreutils,dash,findutils,gcc,grep,gzip,hostname,libc-bin,libc6-dev,libgomp1,"
    "libstdc++6,mosquitto,netbase,procps,python3,sed,tar,tzdata,util-linux"
)
EXTRAS = ("archive", "firmware", "parquet", "web", "collector")  # the extras that a device may have
TESTS = ("hypothesis", "jinja2", "jsonschema", "packaging", "psutil", "pytest")  # what the edge tests import besides
PLATFORMS = ("manylinux2014", *(f"manylinux_2_{minor}" for minor in (17, 24, 26, 27, 28, 31, 34, 35, 36)))
SITE = "usr/local/lib/python3.11/dist-packages"
ETC = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
}


def emulator() -> Path:
    """QEMU's user emulator of Debian's backports: version 10, which needs nothing faked for XNNPACK, unlike 7."""
    return kept("qemu-aarch64-10", _fetch_emulator)


def system() -> Path:
    """The root file system as a tar archive, for these requirements."""
    made = kept(f"{SUITE}-arm64-{_key()}.tar", _build)
    for older in set(made.parent.glob(f"{SUITE}-arm64-*.tar")) - {made}:
        older.unlink(missing_ok=True)
    return made


def requirements() -> list[str]:
    """What the guest gets: what a device installs, and what its tests import, each as installed here, if it is.

    So nothing but the processor differs between the guest and this machine.
    """
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    return sorted({_pinned(wish) for wish in [*wanted, *TESTS]})


def _pinned(wish: str) -> str:
    name = re.split(r"[<>=~;\[ ]", wish)[0]
    try:
        return f"{name}=={importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return wish


def _key() -> str:
    """Changes with everything that the archive is made of."""
    parts = [PACKAGES, *requirements(), *ETC.values()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _fetch_emulator(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "qemu.tar"
        source = f"{MIRROR} {SUITE}-backports main"
        ran(_extract("amd64", "qemu-user", f"{SUITE}-backports", archive, source))
        with tarfile.open(archive) as tar:
            member = tar.extractfile("./usr/bin/qemu-aarch64")
            assert member is not None
            path.write_bytes(member.read())
    path.chmod(0o755)


def _extract(arch: str, packages: str, suite: str, archive: Path, *sources: str) -> list[str | Path]:
    """`mmdebstrap` that checks signatures, unpacks, and runs nothing of the foreign architecture."""
    options = ["--quiet", "--variant=extract", f"--architectures={arch}", f"--include={packages}"]
    return ["mmdebstrap", *options, suite, archive, *sources]


def _build(path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        ran(_extract("arm64", PACKAGES, SUITE, path))
        added = Path(name)
        (added / SITE).mkdir(parents=True)
        for place in (GUEST_TREE, GUEST_DATA, GUEST_OUT):
            (added / place.lstrip("/")).mkdir()
        for file, text in ETC.items():
            (added / file).parent.mkdir(exist_ok=True)
            (added / file).write_text(text)
        install(added / SITE)
        ran(["tar", "--owner=0", "--group=0", "-C", added, "-rf", path, "."])


def install(site: Path) -> None:
    """The wheels for aarch64, chosen by pip of this machine; only wheels, so nothing is built or run."""
    platforms = [f"--platform={platform}_aarch64" for platform in PLATFORMS]
    version = ["--python-version", "3.11", "--implementation", "cp", "--only-binary=:all:"]
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    ran([*pip, "--target", site, *platforms, *version, *requirements()])
