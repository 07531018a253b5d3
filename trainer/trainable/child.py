"""The process in which a model that learns is converted: `python -m trainer.trainable.child REQUEST.json`.

Exit code 0: the model is written. Otherwise the last line on standard error says why not.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.contracts.manifest import Task
from trainer.errors import TrainError
from trainer.export.childhood import serve_parent
from trainer.networks import load_network
from trainer.quantise.detector import inputs
from trainer.sequences.networks import load_sequence
from trainer.sequences.tasks import HEADS
from trainer.sequences.trained import read_sequence
from trainer.trainable.classifier import classifier_pupil
from trainer.trainable.converter import convert_learning, save_learning
from trainer.trainable.module import Learning
from trainer.trainable.pupil import Pupil, sequence_pupil
from trainer.trainable.request import Answer, Request, read_request
from trainer.trained import read_trained


def main(path: str) -> int:
    """Do what a request asks."""
    return serve_parent(lambda: _convert(read_request(Path(path))))


def _convert(request: Request) -> None:
    if request.task not in _CONVERT:
        raise TrainError(f"a {request.task} cannot learn where it runs; those are {', '.join(_CONVERT)}")
    data, answer = _CONVERT[request.task](request)
    request.model.write_bytes(data)
    answer.write(request.answer)


def _sequence(request: Request) -> tuple[bytes, Answer]:
    trained = read_sequence(request.folder)
    pupil = sequence_pupil(load_sequence(trained), HEADS[trained.task], trained.window)
    return _saved(request, pupil, 0, rounded=False)


def _classifier(request: Request) -> tuple[bytes, Answer]:
    trained, measured = read_trained(request.folder), bool(request.pictures)
    batches = list(inputs(request.pictures, trained.input_px)) if measured else None
    pupil = classifier_pupil(load_network(trained), request.settings.spare, batches)
    return _saved(request, pupil, sum(map(len, batches or ())), rounded=measured or trained.fake_quantised)


def _saved(request: Request, pupil: Pupil, calibrated: int, *, rounded: bool) -> tuple[bytes, Answer]:
    module = Learning(pupil, request.settings)
    with tempfile.TemporaryDirectory(dir=request.model.parent) as folder:
        save_learning(module, Path(folder))
        data = convert_learning(Path(folder), rounded=rounded)
    return data, Answer(pupil.size, module.state_size, calibrated)


_CONVERT: Mapping[Task, Callable[[Request], tuple[bytes, Answer]]] = {
    Task.FORECASTER: _sequence,
    Task.SERIES: _sequence,
    Task.AUTOENCODER: _sequence,
    Task.CLASSIFIER: _classifier,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
