"""The process in which a network is converted: `python -m trainer.export.child REQUEST.json`.

The converter can crash and take its process with it, so it has one of its own. Exit code 0: the model is written.
Otherwise the last line on standard error says why not.
"""

import ctypes
import signal
import sys
import tempfile
from pathlib import Path

import tensorflow as tf

from trainer.errors import TrainError
from trainer.export.calibration import CalibrationSet
from trainer.export.converter import convert_saved
from trainer.export.request import Answer, Request, read_request
from trainer.export.serving import Served
from trainer.export.variant import Variant
from trainer.networks import load_network
from trainer.trained import read_trained

PR_SET_PDEATHSIG = 1  # prctl(2)


def main(path: str) -> int:
    """Do what a request asks."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # whoever waits for us may be killed
    tf.get_logger().setLevel("ERROR")  # what it has to say otherwise would stand before the reason
    try:
        _convert(read_request(Path(path)))
    except TrainError as error:
        print(error, file=sys.stderr, flush=True)  # noqa: T201 - the parent reads it
        return 1
    return 0


def _convert(request: Request) -> None:
    trained = read_trained(request.folder)
    measured = request.variant is Variant.INT8 and not trained.fake_quantised
    calibration = CalibrationSet(request.calibration if measured else (), trained.input_px)
    served = Served(load_network(trained), trained, request.post_process)
    with tempfile.TemporaryDirectory(dir=request.model.parent) as folder:
        _save(served, folder)
        data = convert_saved(Path(folder), request.variant, trained.task, calibration if measured else None)
    request.model.write_bytes(data)
    Answer(calibration.used, tuple(calibration.unreadable)).write(request.answer)


def _save(served: Served, folder: str) -> None:
    try:
        tf.saved_model.save(served, folder, signatures={"serving_default": served.serve})
    except (tf.errors.OpError, OSError) as error:
        line = str(error).splitlines()[0].rpartition("}}")[-1].strip()  # without the operator that met it
        raise TrainError(f"the network cannot be put into {folder}: {line}; free some space there") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
