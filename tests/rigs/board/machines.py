"""The machines that QEMU has for the purpose: how each is started."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.programs import program
from tests.rigs.board.firmware import Loaded

Devices = Callable[[Path], tuple[str, ...]]
COMMON = (
    *("-display", "none", "-monitor", "none", "-serial", "stdio"),
    *("-no-reboot", "-accel", "tcg,thread=multi"),  # the firmware is asked first
)
# It dies with the test that started it, whatever becomes of that.
LAST_WILL = ("setpriv", "--pdeathsig", "KILL", "--")


@dataclass(frozen=True, slots=True)
class Machine:
    """One of them."""

    name: str
    options: tuple[str, ...]
    words: str  # that the kernel is told besides
    tree: str  # file of its devices, "" where QEMU makes one
    size: str  # of the card, as qemu-img takes it; "" as the image

    def command(self, loaded: Loaded, disk: Path) -> list[str]:
        """What starts it."""
        tree = [path for path in loaded.trees if path.name in self.tree.split()]
        assert bool(tree) == bool(self.tree), f"the boot partition has none of {self.tree}"
        words = [word for word in loaded.cmdline.split() if not word.startswith("console=")]
        qemu = program("qemu-system-aarch64", "qemu-system-arm")
        given = ["-kernel", str(loaded.kernel), "-initrd", str(loaded.initrd)]
        given += ["-dtb", str(tree[0])] if tree else []
        options = [option.replace("DISK", str(disk)) for option in self.options]
        return [*LAST_WILL, qemu, *COMMON, *given, "-append", " ".join((*words, self.words)), *options]


VIRT = Machine(
    name="virt",
    options=(
        *("-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024"),
        *("-drive", "if=none,id=card,file=DISK,format=qcow2", "-device", "virtio-blk-pci,drive=card"),
        *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="),
        *("-device", "virtio-rng-pci"),
    ),
    words="console=ttyAMA0",
    tree="",
    size="",
)
PI3 = Machine(
    name="raspi3b",
    options=(
        *("-M", "raspi3b", "-drive", "if=sd,file=DISK,format=qcow2"),
        *("-netdev", "user,id=net", "-device", "usb-net,netdev=net"),
    ),
    # QEMU resets this board at the moment its watchdog is armed, instead of when that runs out.
    words="console=ttyAMA0,115200 systemd.watchdog_sec=off",
    tree="bcm2837-rpi-3-b.dtb bcm2710-rpi-3-b.dtb",
    size="4G",  # a power of two, as its card reader wants it
)
