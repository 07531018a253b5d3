"""TensorFlow's converter, set for each variant: built-in operators only, and a fixed batch of one."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf

from edge.contracts.manifest import Task
from edge.contracts.types import F32
from trainer.export.variant import Variant

PICTURES = frozenset({Task.DETECTOR, Task.CLASSIFIER, Task.EMBEDDER})  # others come and go as float32
BYTES_OUT = frozenset({Task.CLASSIFIER, Task.EMBEDDER})


def convert_saved(folder: Path, variant: Variant, task: Task, calibration: Iterable[F32] | None) -> bytes:
    """The bare `.tflite` of a SavedModel.

    Args:
        folder: of the SavedModel.
        variant: how its numbers are written.
        task: the outputs of a detector are float32 whatever the variant, for its last operator computes in float32;
            sequences are float32 at both ends.
        calibration: input tensors, None where ranges are in the network already.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.allow_custom_ops = task is Task.DETECTOR  # what is custom beside the post-process is found afterwards
    if variant is not Variant.FLOAT32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant is Variant.FLOAT16:
        converter.target_spec.supported_types = [tf.float16]
    if variant is Variant.INT8:
        _quantise(converter, task, calibration)
    data: bytes = converter.convert()
    return data


def _quantise(converter: Any, task: Task, calibration: Iterable[F32] | None) -> None:
    if task in PICTURES:
        converter.inference_input_type = tf.uint8  # the picture as it is, as readers of Coral models feed it
    if task in BYTES_OUT:
        converter.inference_output_type = tf.uint8
    if calibration is not None:  # else the operator set of int8 alone is refused, though all ranges are there
        operators = tf.lite.OpsSet
        converter.target_spec.supported_ops = [operators.TFLITE_BUILTINS_INT8]
        if task not in PICTURES:  # an exponential or a logarithm may stay float: it is told, and the gate measures
            converter.target_spec.supported_ops.append(operators.TFLITE_BUILTINS)
        converter.representative_dataset = lambda: _fed(calibration)


def _fed(calibration: Iterable[F32]) -> Iterator[list[F32]]:
    for tensor in calibration:
        yield [tensor]
