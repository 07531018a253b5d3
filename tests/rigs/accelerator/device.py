"""Builds the stand-in, and makes models that only it can run."""

import subprocess
from pathlib import Path

from tests.programs import program
from tests.rigs.tflite import Net, Port

SOURCE = Path(__file__).with_name("standin.c")
COMPILED = "edgetpu-custom-op"


class StandIn:
    """A library that knows a file which says how it behaves."""

    def __init__(self, folder: Path) -> None:
        self.library = folder / "libstandin.so"
        self._control = folder / "standin"
        command = [program("gcc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", f'-DCONTROL="{self._control}"']
        command += [str(SOURCE), "-lm", "-o", str(self.library)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        self.behave("ok")

    def behave(self, word: str) -> None:
        """From now on: ok, stall, vanish, abort or absent."""
        new = self._control.with_suffix(".new")
        new.write_text(word)
        new.replace(self._control)


def compiled(path: Path, shape: tuple[int, ...] = (1, 8, 8, 3)) -> Path:
    """A model of one operator that only the stand-in has: absolute values of floats."""
    return Net((Port(shape, name="x"),), (Port(shape, name="y"),), custom=COMPILED).write(path)


def compiled_ssd(path: Path, size: int = 300, most: int = 10) -> Path:
    """The same in the shape of an SSD detector with post-processing, quantised input."""
    picture = Port((1, size, size, 3), "uint8", 0.0078125, 128, "image")
    shapes = ((1, most, 4), (1, most), (1, most), (1,))
    outputs = tuple(Port(shape, name=f"TFLite_Detection_PostProcess:{k}") for k, shape in enumerate(shapes))
    return Net((picture,), outputs, custom=COMPILED).write(path)
