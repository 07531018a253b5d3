"""The process in which a model that learns is converted: `python -m trainer.trainable.child REQUEST.json`.

Exit code 0: the model is written. Otherwise the last line on standard error says why not.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.contracts.manifest import Task
from trainer.export.childhood import serve_parent
from trainer.sequences.networks import load_sequence
from trainer.sequences.tasks import HEADS
from trainer.sequences.trained import read_sequence
from trainer.trainable.converter import convert_learning, save_learning
from trainer.trainable.module import Learning
from trainer.trainable.pupil import Pupil, sequence_pupil
from trainer.trainable.request import Answer, Request, read_request


def main(path: str) -> int:
    """Do what a request asks."""
    return serve_parent(lambda: _convert(read_request(Path(path))))


def _convert(request: Request) -> None:
    data, answer = _CONVERT[request.task](request)
    request.model.write_bytes(data)
    answer.write(request.answer)


def _sequence(request: Request) -> tuple[bytes, Answer]:
    trained = read_sequence(request.folder)
    pupil: Pupil = sequence_pupil(load_sequence(trained), HEADS[trained.task], trained.window)
    module = Learning(pupil, request.settings)
    with tempfile.TemporaryDirectory(dir=request.model.parent) as folder:
        save_learning(module, Path(folder))
        return convert_learning(Path(folder)), Answer(pupil.size, module.state_size, 0)


_CONVERT: Mapping[Task, Callable[[Request], tuple[bytes, Answer]]] = {
    Task.FORECASTER: _sequence,
    Task.SERIES: _sequence,
    Task.AUTOENCODER: _sequence,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
