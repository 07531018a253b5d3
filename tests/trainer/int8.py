"""A fake-quantised network as a file, and what the file's integers say."""

import warnings
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter


class Told(NamedTuple):
    """One output of the file."""

    value: np.ndarray
    step: float  # what one more in int8 is worth


def converted(model: Any) -> bytes:
    """The int8 file of a network that holds its ranges, for one picture."""
    picture = keras.Input(batch_shape=(1, *model.inputs[0].shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(picture, model(picture)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it expects statistics, and finds them in the network
        return converter.convert()


def told(data: bytes, picture: np.ndarray) -> list[Told]:
    """What the file says to one picture (1, S, S, 3), by the size of the output."""
    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    put = interpreter.get_input_details()[0]
    scale, zero = put["quantization"]
    interpreter.set_tensor(put["index"], np.clip(np.round(picture / scale + zero), -128, 127).astype(np.int8))
    interpreter.invoke()
    outputs = []
    for one in interpreter.get_output_details():
        scale, zero = one["quantization"]
        outputs.append(Told((interpreter.get_tensor(one["index"]).astype(np.float32) - zero) * scale, scale))
    return sorted(outputs, key=lambda one: one.value.size)


def types(data: bytes) -> set[str]:
    """Of all tensors that operators read or write."""
    interpreter = Interpreter(model_content=data)
    by_index = {one["index"]: one["dtype"].__name__ for one in interpreter.get_tensor_details()}
    used = {index for one in interpreter._get_ops_details() for index in (*one["inputs"], *one["outputs"])}
    return {by_index[index] for index in used if index in by_index}
