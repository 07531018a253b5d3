"""The network that devices learn together in the benchmark: of TensorFlow, untrained, always the same."""

import tempfile
from pathlib import Path

import keras

from edge.contracts.manifest import Task
from tests.bench.forecast_learning import recipe, window
from trainer.forecaster.network import forecaster
from trainer.sequences.networks import save_sequence
from trainer.sequences.trained import SequenceTrained
from trainer.trainable.convert import convert_learning_sequence
from trainer.trainable.settings import TrainableSettings


def write_network(out: Path) -> None:
    """As a file that learns."""
    keras.utils.set_random_seed(1)
    settings = recipe(1, 1)
    with tempfile.TemporaryDirectory() as folder:
        trained = SequenceTrained(Path(folder) / "network", Task.FORECASTER, "network", (), window())
        save_sequence(forecaster(settings.network, window()), trained)
        convert_learning_sequence(trained, TrainableSettings(paths=settings.loss), out)
