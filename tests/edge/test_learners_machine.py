"""How the machine fares, read from the files of a made-up one."""

import math
from pathlib import Path

import pytest

from edge.health import free_mb, on_battery, process_figures
from edge.learners.machine import Machine, told
from edge.learning.conditions import Conditions


def machine(root: Path, **files: str) -> Machine:
    """Files by their path, `__` for a slash."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Machine(lambda: 0, root)


def battery(root: Path, name: str, kind: str, status: str, scope: str = "") -> None:
    folder = root / "sys/class/power_supply" / name
    folder.mkdir(parents=True)
    for key, text in (("type", kind), ("status", status), ("scope", scope)):
        if text:
            (folder / key).write_text(f"{text}\n")


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    found = Machine(lambda: 0, tmp_path).look(learning=True)
    assert math.isnan(found.temperature_c)
    assert math.isnan(found.free_mb)
    assert (found.throttled, found.battery, found.dropping) == (False, False, False)
    assert told(found) == {
        "temperature_c": None, "throttled": False, "free_mb": None, "battery": False, "dropping": False
    }  # fmt: skip


def test_a_machine_that_tells_all(tmp_path: Path) -> None:
    found = machine(
        tmp_path,
        sys__class__thermal__thermal_zone0__temp="61500\n",
        proc__meminfo="MemTotal: 1000000 kB\nMemAvailable:  204800 kB\n",
    ).look(learning=False)
    assert found == Conditions(61.5, False, 200.0, False, False)


@pytest.mark.parametrize(("bits", "throttled"), [("0x0", False), ("0x4", True), ("0x50000", False), ("0x50005", True)])
def test_throttled_now_counts_and_throttled_once_does_not(tmp_path: Path, bits: str, throttled: bool) -> None:
    found = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    found.parent.mkdir(parents=True)
    found.write_text(bits)
    assert Machine(lambda: 0, tmp_path).look(learning=False).throttled is throttled


@pytest.mark.parametrize(
    ("kind", "status", "scope", "emptied"),
    [
        ("Battery", "Discharging", "", True),
        ("Battery", "Discharging", "System", True),
        ("Battery", "Charging", "", False),
        ("Battery", "Discharging", "Device", False),  # of a mouse
        ("Mains", "Discharging", "", False),
        ("Battery", "", "", False),
    ],
)
def test_a_battery_that_is_emptied(tmp_path: Path, kind: str, status: str, scope: str, emptied: bool) -> None:
    battery(tmp_path, "AC", "Mains", "")
    battery(tmp_path, "BAT0", kind, status, scope)
    assert on_battery(tmp_path) is emptied
    machine = Machine(lambda: 0, tmp_path)
    assert machine.look(learning=False).battery is emptied
    machine.battery = True
    assert machine.look(learning=False).battery


def test_memory_that_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    assert math.isnan(free_mb(tmp_path))
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemAvailable: much\n")
    assert math.isnan(free_mb(tmp_path))


def test_figures_of_a_process_that_is_gone_are_zeros() -> None:
    assert process_figures(0) == (0, 0.0)
    assert process_figures(1)[0] > 0
