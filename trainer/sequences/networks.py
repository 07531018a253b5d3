"""Keras networks of sequences to and from disk; see `trainer.sequences.trained` for what lies there."""

import shutil
from typing import Any

import tensorflow as tf

from trainer import cells  # noqa: F401 - its layers are known to Keras once it is imported
from trainer.archives import load_archive
from trainer.errors import TrainError
from trainer.export.saving import save_module
from trainer.sequences.tasks import batch_of, expected_of, input_name
from trainer.sequences.trained import SequenceTrained, write_description

LOOPS = frozenset({"While", "StatelessWhile"})


class Served(tf.Module):  # type: ignore[misc] # TensorFlow comes without types
    """What a SavedModel is made of: the function with its fixed batch, and the weights that belong to it."""

    def __init__(self, model: Any, trained: SequenceTrained) -> None:
        super().__init__()
        self.weights = [variable.value for variable in model.variables]
        names, shape = expected_of(trained.task).outputs, input_shape(model, trained)

        def serve(values: Any) -> dict[str, Any]:
            return {name: tf.identity(output) for name, output in _outputs(model(values, training=False), names)}

        given = tf.TensorSpec(shape, tf.float32, name=input_name(trained.task))
        self.serve = tf.function(serve, input_signature=[given])


def save_sequence(model: Any, trained: SequenceTrained) -> None:
    """Write a network and what it is for; the description last, so that it tells of a whole folder.

    Args:
        model: any Keras model of one input (B, …) float32 whose outputs are a dict with the names of its task.
        trained: where to, and what it is for.

    Raises:
        TrainError: it has other outputs, or a loop in its graph; or the disk takes it not.
    """
    served = Served(model, trained)
    _refuse_loops(served.serve.get_concrete_function().graph)
    try:
        trained.folder.mkdir(parents=True, exist_ok=True)
        model.save(trained.network)
        shutil.rmtree(trained.served, ignore_errors=True)
        save_module(served, trained.served)
        write_description(trained)
    except OSError as error:
        raise TrainError(f"{trained.folder} cannot be written: {error.strerror or error}; free some space") from error


def load_sequence(trained: SequenceTrained) -> Any:
    """The Keras model. Whoever built it of layers of his own has imported them before.

    Raises:
        TrainError: the archive is damaged, or of another version.
    """
    return load_archive(trained.network)


def input_shape(model: Any, trained: SequenceTrained) -> tuple[int, ...]:
    """Shape of the one input, with the batch of its window.

    Raises:
        TrainError: it has several inputs, another batch, or an extent that is not fixed.
    """
    if len(model.inputs) != 1:
        raise TrainError(f"the network has {len(model.inputs)} inputs; join them into one tensor")
    given, batch = tuple(model.inputs[0].shape), batch_of(trained.window)
    if given[0] not in {None, batch} or None in given[1:]:
        raise TrainError(f"the network takes {list(given)}; build it with a fixed shape and the batch {batch}, or none")
    return (batch, *given[1:])


def _outputs(given: Any, names: tuple[str, ...]) -> list[tuple[str, Any]]:
    found = sorted(given) if isinstance(given, dict) else []
    if not set(names) <= set(found):
        said = ", ".join(found) or "no dict with names"
        raise TrainError(f"the network gives {said}, and is to give {', '.join(names)}; name its outputs so")
    return [(name, given[name]) for name in names]


def _refuse_loops(graph: Any) -> None:
    if any(operator.type in LOOPS for operator in graph.get_operations()):
        raise TrainError(
            "the network has a loop in its graph, on which the converter crashes; take its recurrent layers from "
            "trainer.cells, or build them with unroll=True, of a fixed number of samples"
        )
