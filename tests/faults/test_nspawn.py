"""The real unit under a real systemd: a daemon that hangs is noticed, ended and started anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import REPOSITORY
from tests.programs import absent, program

pytestmark = [pytest.mark.long, pytest.mark.system]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "foresight-tests" / "bookworm.tar"
PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv"
LAUNCHER = "#!/opt/foresight/bin/python3\nimport sys\nfrom edge.__main__ import main\nsys.exit(main())\n"
# In the guest: wait until it is active, stop the process in its tracks, wait until systemd has started another.
HANG = """#!/bin/bash
active() { for i in $(seq 80); do [ "$(systemctl show -P NRestarts foresight)" -ge $1 ] \
  && systemctl is-active -q foresight && return; sleep 0.5; done; }
active 0
echo first=$(systemctl is-active foresight) >> /root/result
kill -STOP $(systemctl show -P MainPID foresight)
active 1
echo again=$(systemctl is-active foresight) restarts=$(systemctl show -P NRestarts foresight) >> /root/result
journalctl -u foresight --no-pager >> /root/result
poweroff
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A Debian 12 with the daemon installed from its wheel."""
    if os.geteuid() != 0:
        absent("systemd-nspawn needs root")
    if sys.version_info[:2] != (3, 11):
        absent("the guest's Python is 3.11: wheels of another do not fit")
    program("systemd-nspawn", "systemd-container")
    if not CACHE.exists():
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        made = CACHE.with_suffix(".part.tar")
        command = [program("mmdebstrap"), "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(made)]
        subprocess.run(command, check=True, timeout=600)
        made.rename(CACHE)
    guest = tmp_path / "root"
    guest.mkdir()
    subprocess.run(["tar", "-C", str(guest), "-xf", str(CACHE)], check=True, timeout=120)
    install(guest, tmp_path)
    return guest


def install(guest: Path, folder: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True, timeout=120)
    home = guest / "opt/foresight"
    subprocess.run(
        ["chroot", str(guest), "python3", "-m", "venv", "--without-pip", "/opt/foresight"], check=True, timeout=60
    )
    wheel = next(folder.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(home / "lib/python3.11/site-packages")]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=600)
    write(home / "bin/foresight", LAUNCHER)
    street = (REPOSITORY / "deploy/street.yaml").read_text()
    write(guest / "etc/foresight/foresight.yaml", street.replace("${FORESIGHT_MQTT_HOST}", "localhost"))
    units = guest / "etc/systemd/system"
    shutil.copy(REPOSITORY / "deploy/systemd/foresight.service", units)
    write(units / "foresight.service.d/test.conf", "[Service]\nWatchdogSec=6\n")
    write(guest / "root/hang.sh", HANG)
    hang = (
        "[Unit]\nAfter=foresight.service\n[Service]\nExecStart=/root/hang.sh\n[Install]\nWantedBy=multi-user.target\n"
    )
    write(units / "hang.service", hang)
    subprocess.run(["systemctl", f"--root={guest}", "enable", "foresight", "hang"], check=True, timeout=60)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def test_a_hang_is_noticed_and_ended(root: Path) -> None:
    boot = ["systemd-nspawn", "-q", "-D", str(root), "--register=no", "--keep-unit", "--boot"]
    subprocess.run(boot, stdin=subprocess.DEVNULL, capture_output=True, timeout=180, check=False)
    result = (root / "root/result").read_text()
    assert "first=active" in result
    assert "Watchdog timeout" in result
    assert "again=active restarts=1" in result
