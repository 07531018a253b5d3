"""The process in which a sequence network is converted: `python -m trainer.sequences.child REQUEST.json`.

Exit code 0: the model is written. Otherwise the last line on standard error says why not.
"""

import sys
from pathlib import Path

import numpy as np

from trainer.export.childhood import serve_parent
from trainer.export.converter import convert_saved
from trainer.sequences.request import read_request


def main(path: str) -> int:
    """Do what a request asks."""
    return serve_parent(lambda: _convert(Path(path)))


def _convert(path: Path) -> None:
    request = read_request(path)
    calibration = np.load(request.calibration)
    data = convert_saved(request.served, request.variant, request.task, calibration if len(calibration) else None)
    request.model.write_bytes(data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
