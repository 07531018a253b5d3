"""A machine's disks as its kernel would tell of them: files under a folder in the place of /sys, /proc and /dev."""

from pathlib import Path

from firmware_tools.flash.disks import Roots

PCI = "devices/pci0000:00/0000:00:14.0"
PLACES = {
    "usb": f"{PCI}/usb1/1-2/1-2:1.0/host0/target0:0:0/0:0:0:0/block",
    "sata": f"{PCI}/ata1/host1/target1:0:0/1:0:0:0/block",
    "nvme": f"{PCI}/nvme/nvme0",
    "mmc": "devices/platform/soc/mmc0/mmc0:0001/block",
    "virtual": "devices/virtual/block",
}


class Machine:
    """Builds the tree; `roots` is what the code under test is given."""

    def __init__(self, folder: Path) -> None:
        self.roots = Roots(folder / "sys", folder / "proc", folder / "dev")
        (self.roots.sys / "block").mkdir(parents=True)
        (self.roots.proc / "self").mkdir(parents=True)
        self.roots.dev.mkdir()
        self.mounts()
        self.swaps()

    def disk(self, name: str, place: str, number: str, **facts: str) -> Path:
        """A disk of 31.9 GB; facts such as device__model="Ultra" become the files of that name."""
        home = self.roots.sys / PLACES[place] / name
        self._write(home, {"dev": number, "size": "62333952", "ro": "0", "removable": "0"} | _paths(facts))
        (self.roots.sys / "block" / name).symlink_to(home)
        (self.roots.dev / name).touch()
        return home

    def partition(self, disk: Path, name: str, number: str) -> Path:
        """A part of a disk."""
        home = disk / name
        self._write(home, {"dev": number, "partition": "1"})
        (self.roots.dev / name).touch()
        return home

    def upon(self, below: Path, name: str, number: str) -> Path:
        """What the device mapper builds upon a disk or partition."""
        home = self.roots.sys / PLACES["virtual"] / name
        self._write(home, {"dev": number, "size": "8", "ro": "0"})
        (below / "holders").mkdir(exist_ok=True)
        (below / "holders" / name).symlink_to(home)
        (self.roots.dev / name).touch()
        return home

    def usb_device(self, **facts: str) -> None:
        """What the disks at the place `usb` hang on."""
        self._write(self.roots.sys / f"{PCI}/usb1/1-2", {"idVendor": "0781"} | facts)

    def mounts(self, *lines: str) -> None:
        """Of the form `8:17 /media/card /dev/sdb1`."""
        rows = [f"{30 + row} 1 {number} / {point} rw,relatime shared:1 - ext4 {source} rw"
                for row, (number, point, source) in enumerate(line.split(" ") for line in lines)]  # fmt: skip
        (self.roots.proc / "self/mountinfo").write_text("\n".join([*rows, ""]))

    def swaps(self, *devices: str) -> None:
        """Device files that are swapped to."""
        rows = [f"{device}  partition  8388604  0  -2" for device in devices]
        (self.roots.proc / "swaps").write_text("\n".join(["Filename  Type  Size  Used  Priority", *rows, ""]))

    def _write(self, home: Path, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(f"{text}\n")


def _paths(facts: dict[str, str]) -> dict[str, str]:
    return {name.replace("__", "/"): text for name, text in facts.items()}
