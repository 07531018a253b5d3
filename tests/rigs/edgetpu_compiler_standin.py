"""Stands in for Google's `edgetpu_compiler`, which may not be shipped: takes its arguments and says what it says.

It compiles nothing: what it writes is a model of one `edgetpu-custom-op`. Its words are those of version 16.0, as its
users quote them.
"""

import signal
import sys
from pathlib import Path

from tests.paths import REPOSITORY
from tests.rigs.tflite import Net

LOG = """Edge TPU Compiler version 16.0.384591198
Input: model.tflite
Output: model_edgetpu.tflite

Operator                       Count      Status

ADD                            12         Mapped to Edge TPU
CUSTOM                         1          Operation is working on an unsupported data type
CONV_2D                        57         Mapped to Edge TPU
DEQUANTIZE                     2          Operation is working on an unsupported data type
"""
SUMMARY = """Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 1524 ms.

Input model: model.tflite
Input size: 4.24MiB
Output model: model_edgetpu.tflite
Output size: 5.57MiB
On-chip memory used for caching model parameters: 4.21MiB
On-chip memory remaining for caching model parameters: 3.29MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 72
Operation log: model_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU.
Number of operations that will run on Edge TPU: 69
Number of operations that will run on CPU: 3

Operator                       Count      Status

ADD                            12         Mapped to Edge TPU
CUSTOM                         1          Operation is working on an unsupported data type
CONV_2D                        57         Mapped to Edge TPU
DEQUANTIZE                     2          Operation is working on an unsupported data type
"""


def install(folder: Path, mode: str = "compile") -> Path:
    """Write the program into a folder: its mode is one of those that `main` knows."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "edgetpu_compiler"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        f"from {__name__} import main\nsys.exit(main(sys.argv[1:], {mode!r}))\n"
    )
    path.chmod(0o755)
    return path


def main(argv: list[str], mode: str) -> int:
    """`-s -o FOLDER MODEL`; modes "compile", "hang", "fail", "write nothing" and "map nothing"."""
    folder, model = Path(argv[argv.index("-o") + 1]), Path(argv[-1])
    assert model.read_bytes()[4:8] == b"TFL3"
    if mode == "hang":
        signal.pause()
    if mode == "fail":
        print("Edge TPU Compiler version 16.0.384591198\n\nInternal compiler error. Aborting!")
        return 1
    if mode == "write nothing":
        return 0
    text = {"map nothing": LOG.replace("Mapped to Edge TPU", "Operation version not supported")}.get(mode, SUMMARY)
    (folder / f"{model.stem}_edgetpu.tflite").write_bytes(Net(custom="edgetpu-custom-op").encode())
    (folder / f"{model.stem}_edgetpu.log").write_text(LOG if text is SUMMARY else text)
    print(text)
    return 0
