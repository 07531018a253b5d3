"""TensorFlow's converter on a model that learns: built-in operators and variables, a fixed batch, `infer` first."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer.errors import TrainError
from trainer.trainable.module import SIGNATURES
from trainer.trainable.order import served_first


def save_learning(module: Any, folder: Path) -> None:
    """Write a SavedModel of a `Learning`.

    Raises:
        TrainError: the disk takes it not, or something in the network cannot be differentiated.
    """
    # The gradients are in the graph already; saved once more as functions they would be called with other arguments.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    try:
        tf.saved_model.save(module, str(folder), signatures=module.signatures(), options=options)
    except (tf.errors.OpError, OSError) as error:
        line = str(error).splitlines()[0].rpartition("}}")[-1].strip()
        raise TrainError(f"the network cannot be put into {folder}: {line}; free some space there") from error
    except (NotImplementedError, LookupError) as error:
        raise TrainError(f"the network cannot learn where it runs: {error}; build it of other layers") from error


def convert_learning(folder: Path, *, rounded: bool) -> bytes:
    """The bare `.tflite` of such a SavedModel, what learns in float32.

    Args:
        folder: of the SavedModel.
        rounded: what the network rounds to int8 is to be computed in int8.

    Raises:
        TrainError: an operator is in the way that no device has.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=list(SIGNATURES))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.experimental_enable_resource_variables = True
    if rounded:  # no pictures: the quantiser would round the head as well, whose range is not known before it learns
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return served_first(_converted(converter))


def _converted(converter: Any) -> bytes:
    try:
        data: bytes = converter.convert()
    except Exception as error:  # the converter's own class stands in a private module
        lines = [line.strip() for line in str(error).splitlines() if "Flex ops" in line or "not supported" in line]
        told = lines[0] if lines else (str(error).splitlines() or [type(error).__name__])[0]
        raise TrainError(f"the converter refuses it: {told[:300]}; build the network of other layers") from error
    return data
