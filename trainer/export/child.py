"""The process in which a network is converted: `python -m trainer.export.child REQUEST.json`.

The converter can crash and take its process with it, so it has one of its own. Exit code 0: the model is written.
Otherwise the last line on standard error says why not.
"""

import sys
import tempfile
from pathlib import Path

from trainer.descriptions import write_entries
from trainer.export.calibration import CalibrationSet
from trainer.export.childhood import serve_parent
from trainer.export.converter import convert_saved
from trainer.export.request import Answer, Request, read_request
from trainer.export.saving import save_module
from trainer.export.serving import Served
from trainer.export.variant import Variant
from trainer.networks import load_network
from trainer.trained import read_trained


def main(path: str) -> int:
    """Do what a request asks."""
    return serve_parent(lambda: _convert(read_request(Path(path))))


def _convert(request: Request) -> None:
    trained = read_trained(request.folder)
    measured = request.variant is Variant.INT8 and not trained.fake_quantised
    calibration = CalibrationSet(request.calibration if measured else (), trained.input_px)
    served = Served(load_network(trained), trained, request.post_process)
    with tempfile.TemporaryDirectory(dir=request.model.parent) as folder:
        save_module(served, Path(folder))
        data = convert_saved(Path(folder), request.variant, trained.task, calibration if measured else None)
    request.model.write_bytes(data)
    write_entries(request.answer, Answer(calibration.used, tuple(calibration.unreadable)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
